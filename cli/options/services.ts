import type { Environment } from "../../environments/model/environment";
import { UserError } from "../../environments/model/problems";

/** Where `plan` writes, and `deploy` too, if they are not told otherwise. */
export const defaultPlans = "plans";

/** The services that are asked for, or all. @throws {UserError} for one that is not there */
export function namesOf({ name, services }: Environment, asked: readonly string[]): string[] {
  const all = services.map(({ definition }) => definition.name);
  const unknown = asked.filter((one) => !all.includes(one));
  if (unknown.length > 0)
    throw new UserError(
      `The environment "${name}" has no service ${unknown.map((one) => `"${one}"`).join(", ")}. It has ${all.join(", ")}.`,
    );
  return asked.length > 0 ? [...asked] : all;
}
