import { App } from "cdktf";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../environments/model/environment";
import { ServiceStack, type ServiceStackProps } from "../../stacks/service-stack";
import { nothingSeen, type Survey } from "../../survey/survey";

export type Json = { readonly [key: string]: any };

/** The synthesized JSON of each stack of an environment, by service. `seen`: what was looked up beforehand. */
export function synthesize(
  environment: Environment,
  seen: Survey = nothingSeen,
  ca?: string,
  more: Pick<ServiceStackProps, "adoption" | "drift" | "opentofu"> = {},
): Record<string, Json> {
  const outdir = mkdtempSync(join(tmpdir(), "pgmoor-synth-"));
  try {
    const app = new App({ outdir, skipValidation: true });
    for (const service of environment.services)
      new ServiceStack(app, {
        environment: { states: { in: "folder", folder: "/states" }, ...environment },
        service,
        schemaWrapper: "#!/bin/sh\n# schema.sh\n",
        ca,
        ...more,
        stops: seen.stops.get(service.definition.name),
        cutOff: seen.cutOff.get(service.definition.name),
        oldPassword: seen.oldPasswords.get(service.definition.name),
        newestBackup: seen.newestBackups.get(service.definition.name),
      });
    app.synth();
    return Object.fromEntries(
      environment.services.map(({ definition: { name } }) => [
        name,
        JSON.parse(readFileSync(join(outdir, "stacks", name, "cdk.tf.json"), "utf8")) as Json,
      ]),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The Nomad job in a stack, with Terraform's escapes taken back. */
export function jobOf(stack: Json): Json {
  const [job] = Object.values(stack.resource.nomad_job as Json);
  return JSON.parse((job as Json).jobspec.replace(/([$%])\1\{/g, "$1{")) as Json;
}
