import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ServerMonitoring } from "../constructs/monitoring/monitoring";
import type { Environment } from "../environments/model/environment";
import { countsStatements } from "../environments/model/monitoring";
import { ownStacks } from "../environments/model/own-stacks";
import type { Monitoring } from "../services/monitoring";
import { begin, connectNomad, connectServer } from "./connections";

/** What watches the central PostgreSQL and its services. */
export class MonitoringStack extends TerraformStack {
  /**
   * @param ca text of the environment's `server.caFile`
   * @param authorities texts of Vault's and Consul's `caFile`
   */
  constructor(
    scope: Construct,
    environment: Environment,
    monitoring: Monitoring,
    ca: string | undefined,
    authorities: string | undefined,
  ) {
    super(scope, ownStacks.monitoring);
    const { vault, server, nomad, consul, migrator, services, backups } = environment;
    begin(this, environment, ownStacks.monitoring);
    connectNomad(this, environment);
    new RandomProvider(this, "random");
    connectServer(this, environment);
    new ServerMonitoring(this, "monitoring", {
      monitoring,
      program: migrator.program,
      services: services.filter(({ phase }) => phase !== "retired"),
      server: { ...server, ca, countsStatements: countsStatements(environment) },
      logFormat: environment.logFormat,
      backups: backups !== undefined,
      consul: consul.address,
      datacenter: nomad.datacenter,
      namespace: nomad.namespace,
      region: nomad.region,
      authorities,
      vault,
    });
  }
}
