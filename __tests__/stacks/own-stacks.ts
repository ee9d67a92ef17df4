import { App } from "cdktf";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homelab } from "../../environments/homelab";
import type { Environment } from "../../environments/model/environment";
import { Port } from "../../nomad/port";
import { Size } from "../../nomad/size";
import { HostVolume } from "../../nomad/volume";
import type { Backups, ServerJob } from "../../services/server-job";
import type { Adoption } from "../../stacks/adoption";
import { BackupsStack } from "../../stacks/backups-stack";
import { MonitoringStack } from "../../stacks/monitoring-stack";
import { ServerStack } from "../../stacks/server-stack";
import type { Json } from "./synthesize";

export const job: ServerJob = {
  port: Port.onHost(5432),
  volume: HostVolume.named("postgres_data").at("/var/lib/postgresql/data"),
  node: "client-1",
  resources: { cpuMegahertz: 2000, memory: Size.gibibytes(4) },
};

export const toVolume: Backups = {
  repository: { in: "volume", volume: "postgres_backups" },
  volume: "postgres_wal",
};

export const withServer = (change: Partial<ServerJob> = {}, backups?: Backups): Environment => ({
  ...homelab,
  states: { in: "folder", folder: "/states" },
  server: { ...homelab.server, job: { ...job, ...change } },
  ...(backups === undefined ? {} : { backups }),
});

/** The synthesized stacks `server`, `backups` and `monitoring`. */
export function ownStacks(
  environment: Environment,
  stops: readonly string[] = [],
  adoption?: Adoption,
): Record<string, Json> {
  const outdir = mkdtempSync(join(tmpdir(), "pgmoor-synth-"));
  try {
    const app = new App({ outdir, skipValidation: true });
    const { backups, monitoring, server } = environment;
    const names: string[] = [];
    if (server.job !== undefined) {
      new ServerStack(app, environment, server.job, stops, adoption);
      names.push("server");
    }
    if (backups !== undefined) {
      new BackupsStack(app, environment, backups, "#!/bin/sh\n# wrapper\n", undefined);
      names.push("backups");
    }
    if (monitoring !== undefined) {
      new MonitoringStack(app, environment, monitoring, undefined, undefined);
      names.push("monitoring");
    }
    app.synth();
    return Object.fromEntries(
      names.map((name) => [
        name,
        JSON.parse(readFileSync(join(outdir, "stacks", name, "cdk.tf.json"), "utf8")) as Json,
      ]),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A Nomad job of a stack, with Terraform's escapes taken back. */
export function jobNamed(stack: Json, name: string): Json {
  const { jobspec } = (stack.resource as Json).nomad_job[name] as { jobspec: string };
  return JSON.parse(jobspec.replace(/([$%])\1\{/g, "$1{")) as Json;
}

/** `type.name` of every resource. */
export function addresses(stack: Json): string[] {
  return Object.entries((stack.resource ?? {}) as Json)
    .flatMap(([type, named]) => Object.keys(named as Json).map((name) => `${type}.${name}`))
    .sort();
}
