import type { JobDefinition } from "../services/job-definition";
import type { Unanswered } from "../services/todo";

/** A value in whose place, or in the place of a part of which, there may be a question. */
export type Open<T> = T extends readonly (infer Item)[]
  ? readonly Open<Item>[] | Unanswered
  : T extends object
    ? { readonly [Key in keyof T]: Open<T[Key]> } | Unanswered
    : T | Unanswered;

type Questionable = Omit<JobDefinition, "name" | "jobspec" | "job">;

/** A definition that may have questions in it. Its job has none. */
export type OpenDefinition = { readonly [Key in keyof Questionable]: Open<Questionable[Key]> } & Pick<
  JobDefinition,
  "name" | "jobspec" | "job"
>;
