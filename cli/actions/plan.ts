import * as fs from "node:fs/promises";
import { join } from "node:path";
import { noteGone, planServices } from "../../delivery/planning";
import { goneServices } from "../../delivery/states";
import type { Environment } from "../../environments/model/environment";
import { UserError } from "../../environments/model/problems";
import { planFile } from "../../review/read";
import { environmentFolder } from "../../stacks/output";
import { synthesize } from "../../stacks/synthesize";
import { fileOf } from "../options/terminal";
import type { PlanOptions } from "../plan";

export async function plan(names: readonly string[], options: PlanOptions): Promise<void> {
  const out = fileOf(options.out);
  const environment = await synthesize();
  const services = namesOf(environment, names);
  const gone = await goneServices(environment);
  if (names.length === 0) await removePlans(out);
  await planServices({ synthesized: environmentFolder(environment.name), out }, services);
  await noteGone(out, gone);
  console.error(
    `Planned ${services.join(", ")}. Review the plans: npm run -s pgmoor -- review ${out}/*/${planFile}`,
  );
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

/** Plans of an earlier run, which may be of services that are gone by now. */
async function removePlans(out: string): Promise<void> {
  for (const entry of await fs.readdir(out).catch(() => []))
    if (await fs.stat(join(out, entry, planFile)).catch(() => undefined))
      await fs.rm(join(out, entry), { recursive: true });
}
