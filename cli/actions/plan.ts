import * as fs from "node:fs/promises";
import { join } from "node:path";
import { runChecks } from "../../check/run";
import { checkText } from "../../check/text";
import { noteChecks, noteGone, planServices } from "../../delivery/planning";
import { goneServices } from "../../terraform-states/read-states";
import { planFile } from "../../review/read";
import { environmentFolder } from "../../stacks/output";
import { synthesize } from "../../stacks/synthesize";
import { stacksOf } from "../options/services";
import { fileOf } from "../options/terminal";

export interface PlanOptions {
  readonly out: string;
}

export async function plan(names: readonly string[], options: PlanOptions): Promise<void> {
  const out = fileOf(options.out);
  const environment = await synthesize();
  const services = stacksOf(environment, names);
  const gone = await goneServices(environment);
  if (names.length === 0) await removePlans(out);
  await planServices({ synthesized: environmentFolder(environment.name), out }, services);
  await noteGone(out, gone);
  const report = await runChecks(environment, services, process.env);
  await noteChecks(out, services, report);
  if (report.problems.length > 0) console.error(checkText(report));
  console.error(
    `Planned ${services.join(", ")}. Review the plans: npm run -s pgmoor -- review ${out}/*/${planFile}`,
  );
}

/** Plans of an earlier run, which may be of services that are gone by now. */
async function removePlans(out: string): Promise<void> {
  for (const entry of await fs.readdir(out).catch(() => []))
    if (await fs.stat(join(out, entry, planFile)).catch(() => undefined))
      await fs.rm(join(out, entry), { recursive: true });
}
