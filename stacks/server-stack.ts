import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { NomadConnection } from "../constructs/nomad-connection";
import { refuse } from "../constructs/refusal";
import { PostgresServer } from "../constructs/server/postgres-server";
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import type { ServerJob } from "../services/server-job";
import { keepState } from "./backend";
import { fileOf } from "./file-of";
import { vaultProvider } from "./vault-provider";

/** The central PostgreSQL. */
export class ServerStack extends TerraformStack {
  /** @param stops why it must not be deployed @default it may be */
  constructor(scope: Construct, environment: Environment, job: ServerJob, stops: readonly string[] = []) {
    super(scope, ownStacks.server);
    const { vault, server, nomad } = environment;
    keepState(this, environment, ownStacks.server);
    this.addOverride("terraform.required_version", ">= 1.11.0");
    refuse(this, stops);
    vaultProvider(this, vault);
    new NomadConnection(this, "nomad", { ...nomad, caFile: fileOf(nomad.caFile) });
    new RandomProvider(this, "random");
    new PostgresServer(this, "server", {
      job,
      image: server.image,
      preload: server.preload ?? [],
      maxConnections: server.maxConnections,
      service: server.service,
      datacenter: nomad.datacenter,
      namespace: nomad.namespace,
      region: nomad.region,
      vault: {
        mount: vault.mount,
        jwtAuth: vault.jwtAuth,
        audience: vault.audience,
        adminSecret: server.adminSecret,
      },
    });
  }
}
