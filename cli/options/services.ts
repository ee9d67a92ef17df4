import type { Environment } from "../../environments/model/environment";
import { ownStacks, ownStacksOf } from "../../environments/model/own-stacks";
import { UserError } from "../../environments/model/problems";

/** Where `plan` writes, and `deploy` too, if they are not told otherwise. */
export const defaultPlans = "plans";

/** The stacks that are asked for, or all, in the order in which they are deployed. @throws {UserError} for one that is not there */
export function stacksOf(environment: Environment, asked: readonly string[]): string[] {
  const own = new Set(ownStacksOf(environment).filter((stack) => stack !== ownStacks.runner));
  const services = asked.filter((name) => !own.has(name));
  const chosen = asked.length > 0 && services.length === 0 ? [] : namesOf(environment, services);
  const wanted = (stack: string) => own.has(stack) && (asked.length === 0 || asked.includes(stack));
  return [
    ...[ownStacks.server].filter(wanted),
    ...chosen,
    ...[ownStacks.backups, ownStacks.monitoring].filter(wanted),
  ];
}

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
