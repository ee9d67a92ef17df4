/** Every job of the homelab, shown to a real Nomad: valid, and placeable but for what the lab does not have. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { environmentVariable } from "../../environments/model/load";
import { call } from "../servers/api";
import { type Stage } from "./context";
import { expectSuccess, expectThat } from "./expectations";

interface Validation {
  readonly ValidationErrors: readonly string[] | null;
  readonly Error: string;
}

interface DryRun {
  readonly FailedTGAllocs: Readonly<
    Record<string, { readonly ConstraintFiltered: Readonly<Record<string, number>> | null }>
  > | null;
}

/** What the lab's client lacks: the docker driver, the homelab's host volumes, and the name of the server's machine. */
const lacking = /^(missing drivers|missing compatible host volumes|\$\{node\.unique\.name\} = .*)$/;

export async function showJobs({ deployment, lab, say }: Stage): Promise<void> {
  const outcome = await deployment.synthesize({ [environmentVariable]: "homelab" });
  expectSuccess(outcome, "the synthesis of the homelab");
  const stacks = path.join(lab.directory, "cdktf.out/all/environments/homelab/stacks");
  const names = await fs.readdir(stacks);
  const jobs = await Promise.all(names.map((name) => jobsOf(path.join(stacks, name, "cdk.tf.json"))));
  for (const Job of jobs.flat()) {
    const name = Job.ID;
    const post = { method: "POST", body: { Job } } as const;
    const valid = await call<Validation>(`${lab.nomad.address}/v1/validate/job`, post);
    expectThat((valid.ValidationErrors ?? []).length === 0, `Nomad finds the job ${name} wrong`, valid.Error);
    const planned = await call<DryRun>(`${lab.nomad.address}/v1/job/${name}/plan`, post);
    const reasons = Object.values(planned.FailedTGAllocs ?? {}).flatMap(({ ConstraintFiltered }) =>
      Object.keys(ConstraintFiltered ?? {}),
    );
    expectThat(
      reasons.every((reason) => lacking.test(reason)),
      `Nomad could not place the job ${name} for more than what the lab lacks`,
      reasons.join("\n"),
    );
  }
  say(
    `${jobs.flat().length} jobs of the homelab: valid, and placed but for the docker driver, the volumes and the machine's name`,
  );
}

/** The jobspecs of a synthesized stack, as Terraform reads them. */
async function jobsOf(file: string): Promise<{ readonly ID: string }[]> {
  const { resource } = JSON.parse(await fs.readFile(file, "utf8")) as {
    resource?: { nomad_job?: Record<string, { jobspec: string }> };
  };
  // A server that is only watched has none.
  return Object.values(resource?.nomad_job ?? {}).map(
    ({ jobspec }) => JSON.parse(jobspec.replace(/([$%])\1\{/g, "$1{")) as { ID: string },
  );
}
