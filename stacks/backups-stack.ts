import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ServerBackups } from "../constructs/backups/backups";
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { databaseName } from "../services/definition";
import type { Backups } from "../services/server-job";
import { begin, connectNomad } from "./connections";

/** The backups of the central PostgreSQL. */
export class BackupsStack extends TerraformStack {
  /**
   * @param wrapper text of `migrator/peer/task-wrapper.sh`
   * @param ca text of the environment's `server.caFile`
   */
  constructor(
    scope: Construct,
    environment: Environment,
    backups: Backups,
    wrapper: string,
    ca: string | undefined,
  ) {
    super(scope, ownStacks.backups);
    const { vault, server, nomad, migrator } = environment;
    begin(this, environment, ownStacks.backups);
    connectNomad(this, environment);
    new RandomProvider(this, "random");
    new ServerBackups(this, "backups", {
      backups,
      program: backups.program ?? migrator.program,
      server: { ...server, ca, preload: server.preload ?? [] },
      datacenter: nomad.datacenter,
      namespace: nomad.namespace,
      region: nomad.region,
      mount: vault.mount,
      telling: environment,
      wrapper,
      queries: Object.fromEntries(
        environment.services.flatMap(({ definition }) => {
          const { restoreQuery } = definition.database;
          return restoreQuery === undefined ? [] : [[databaseName(definition), restoreQuery]];
        }),
      ),
      vault: { jwtAuth: vault.jwtAuth, audience: vault.audience },
    });
  }
}
