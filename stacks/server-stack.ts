import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { NomadConnection } from "../constructs/nomad-connection";
import { refuse } from "../constructs/refusal";
import { PostgresServer } from "../constructs/server/postgres-server";
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { serverJobName, type ServerJob } from "../services/server-job";
import { warnOfAdoption, type Adoption } from "./adoption";
import { keepState } from "./backend";
import { fileOf } from "./file-of";
import { vaultProvider } from "./vault-provider";
import { serverJobProps } from "./wanted-job";

/** The central PostgreSQL. */
export class ServerStack extends TerraformStack {
  /**
   * @param stops why it must not be deployed @default it may be
   * @param adoption what the first deploy of a job that is taken over changes @default nothing, or it is none
   */
  constructor(
    scope: Construct,
    environment: Environment,
    job: ServerJob,
    stops: readonly string[] = [],
    adoption?: Adoption,
  ) {
    super(scope, ownStacks.server);
    const { vault, server, nomad } = environment;
    keepState(this, environment, ownStacks.server);
    this.addOverride("terraform.required_version", ">= 1.11.0");
    refuse(this, stops);
    if (adoption !== undefined) warnOfAdoption(this, serverJobName(job), adoption);
    vaultProvider(this, vault);
    new NomadConnection(this, "nomad", { ...nomad, caFile: fileOf(nomad.caFile) });
    new RandomProvider(this, "random");
    new PostgresServer(this, "server", {
      ...serverJobProps(environment, job),
      vault: {
        mount: vault.mount,
        jwtAuth: vault.jwtAuth,
        audience: vault.audience,
        adminSecret: server.adminSecret,
      },
    });
  }
}
