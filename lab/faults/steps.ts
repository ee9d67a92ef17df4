/** What the faults of a rollback have in common. */
import type { LabService, Outcome } from "../deployment";
import { expectThat, tail } from "../story/expectations";
import { waitForAnswer, type Side } from "../story/services";
import type { SqliteService } from "../story/sqlite-source";
import type { Bench } from "./bench";
import { expectDocumented } from "./documented";
import type { Subject } from "./subjects";

export type SqliteSubject = Subject & { readonly service: SqliteService };

/** Those whose rows can come back. The others run beside them. */
export function onSqlite(struck: readonly Subject[]): SqliteSubject[] {
  return struck.filter((subject): subject is SqliteSubject => subject.service.sample !== "immich");
}

export const goesBack: Partial<LabService> = { phase: "prepared", rollback: "copy-back" };
export const moves: Partial<LabService> = { phase: "cutover", rollback: undefined };

/** Writes the change into the environment, and deploys it. */
export async function deployed(
  { deployment }: Bench,
  { service }: Subject,
  change: Partial<LabService>,
): Promise<Outcome> {
  await deployment.edit([service.name], change);
  return deployment.deploy([service.name]);
}

/**
 * The deploy has failed, by this task, and the service is on the server.
 * @param says what the task printed.
 * @returns when the task ended, of `performance.now()`
 */
export function backOnServer(
  bench: Bench,
  subject: Subject,
  outcome: Outcome,
  task: "roll-back" | "confirm",
  says?: RegExp,
): Promise<number> {
  return failedBack(bench, subject, outcome, { task, says, to: "server" });
}

export interface Failure {
  /** The task that fails. */
  readonly task: "migrate" | "schema" | "roll-back" | "confirm";
  /** What it prints. @default anything */
  readonly says?: RegExp | undefined;
  /** Where the service is again. */
  readonly to: Side;
}

/**
 * The deploy has failed, by this task, and the service is where it was.
 * @returns when the task ended, of `performance.now()`
 */
export async function failedBack(
  bench: Bench,
  { service }: Subject,
  outcome: Outcome,
  { task, says, to }: Failure,
): Promise<number> {
  const { name } = service;
  expectThat(!outcome.succeeded, `the deploy of ${name} should have failed`, tail(outcome));
  await waitForAnswer(service, to, 60);
  // One that is told to end because its peer has failed has not failed itself, in Nomad's eyes.
  const failed = (await bench.nomad.allocations(name)).find(
    ({ TaskStates }) =>
      TaskStates?.[task] !== undefined && Object.values(TaskStates).some(({ Failed }) => Failed),
  );
  expectThat(failed !== undefined, `an allocation of ${name} with the task ${task} should have failed`);
  const printed = await bench.nomad.log(failed, task, "stderr");
  if (says !== undefined)
    expectThat(says.test(printed), `${task} of ${name} should have said ${says.source}`, printed);
  if (printed !== "") expectDocumented(printed);
  bench.tell(`${name}: ${printed.split("\n")[0] || `${task} printed no error`}`);
  const ended = Date.parse(failed.TaskStates![task]!.FinishedAt);
  return performance.now() - (Date.now() - ended);
}
