import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { refuse } from "../constructs/refusal";
import { PostgresServer } from "../constructs/server/postgres-server";
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { serverJobName, type ServerJob } from "../services/server-job";
import { warnOfAdoption, type Adoption } from "./adoption";
import { begin, connectNomad } from "./connections";
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
    const { vault, server } = environment;
    begin(this, environment, ownStacks.server);
    refuse(this, stops);
    if (adoption !== undefined) warnOfAdoption(this, serverJobName(job), adoption);
    connectNomad(this, environment);
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
