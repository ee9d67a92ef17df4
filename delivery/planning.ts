/** Plans services, each in its synthesized folder, as the review wants to find them. */
import { cpus } from "node:os";
import * as fs from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Checks, NoPlan } from "../review/terraform-plan";
import { checksFile, planFile, stackFile } from "../review/read";
import { errorWords, terraform, type Outcome } from "./terraform";

/** Terraform's own form of the plan, which can be applied. Besides the changes it holds the whole state. */
export const savedPlanFile = "terraform.tfplan";

export interface Planning {
  /** Folder of the environment's synthesized stacks: `cdktf.out/environments/NAME`. */
  readonly synthesized: string;
  /** Folder that gets a folder with `plan.json` for each service. */
  readonly out: string;
}

export function stackFolder({ synthesized }: Planning, service: string): string {
  return join(synthesized, "stacks", service);
}

/** Plans one service. A plan that fails is written, too, with Terraform's words. @returns the file of its plan */
export async function planService(planning: Planning, service: string): Promise<string> {
  const folder = stackFolder(planning, service);
  const out = resolve(planning.out, service);
  await fs.rm(out, { recursive: true, force: true });
  await fs.mkdir(out, { recursive: true, mode: 0o700 });
  await fs.copyFile(join(folder, stackFile), join(out, stackFile));
  const saved = join(out, savedPlanFile);
  const file = join(out, planFile);
  const steps = [
    () => initialize(folder),
    () => terraform(folder, ["plan", "-input=false", `-out=${saved}`]),
  ];
  let failure: string | undefined;
  for (const step of steps) {
    const outcome = await step();
    if (outcome.succeeded) continue;
    failure = errorWords(outcome);
    break;
  }
  // Terraform also saves a plan that an error has stopped, with what it had planned until then.
  const shown = await terraform(folder, ["show", "-json", saved]);
  if (shown.succeeded) await fs.writeFile(file, shown.stdout);
  else await writeNoPlan(file, { reason: "failed", message: failure ?? errorWords(shown) });
  return file;
}

let initialized: Promise<unknown> = Promise.resolve();

/** One after the other: Terraform's cache of providers (`TF_PLUGIN_CACHE_DIR`) must not be filled twice at a time. */
function initialize(folder: string): Promise<Outcome> {
  const next = initialized.then(() => terraform(folder, ["init", "-input=false"]));
  initialized = next.catch(() => undefined);
  return next;
}

/** Notes services that are in the states and not in the environment. @returns the files */
export async function noteGone(out: string, gone: ReadonlyMap<string, string[]>): Promise<string[]> {
  return Promise.all(
    [...gone].map(async ([service, resources]) => {
      const file = join(resolve(out, service), planFile);
      await fs.mkdir(resolve(out, service), { recursive: true });
      await writeNoPlan(file, { reason: "gone", resources });
      return file;
    }),
  );
}

/** Notes beside each plan what `pgmoor check` has found of its service, and of all of them. */
export async function noteChecks(out: string, services: readonly string[], found: Checks): Promise<void> {
  for (const service of services) {
    const own = ({ service: whom }: Checks["problems"][number]) => whom === null || whom === service;
    const checks: Checks = { problems: found.problems.filter(own), notChecked: found.notChecked };
    await fs.writeFile(join(resolve(out, service), checksFile), JSON.stringify(checks));
  }
}

function writeNoPlan(file: string, pgmoor: NoPlan["pgmoor"]): Promise<void> {
  return fs.writeFile(file, JSON.stringify({ pgmoor } satisfies NoPlan));
}

/** Plans many, some at a time: each waits for servers most of the time. */
export async function planServices(planning: Planning, services: readonly string[]): Promise<string[]> {
  const waiting = [...services];
  const files = new Map<string, string>();
  const work = async (): Promise<void> => {
    for (let service = waiting.shift(); service !== undefined; service = waiting.shift())
      files.set(service, await planService(planning, service));
  };
  await Promise.all(Array.from({ length: 2 * cpus().length }, work));
  return services.map((service) => files.get(service)!);
}
