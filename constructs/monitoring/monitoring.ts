import { Job } from "@cdktf/provider-nomad/lib/job";
import { Construct } from "constructs";
import { Duration } from "../../nomad/duration";
import { databaseName, databaseSecretName } from "../../services/definition";
import { monitoringConnections, monitoringJob, monitoringRole, monitors } from "../../services/monitoring";
import { DatabaseSecret } from "../database-secret";
import { PostgresDatabase } from "../postgres-database";
import { addressName, literal, named } from "../terraform";
import { WorkloadIdentity } from "../workload-identity";
import { monitoringJobOf } from "./job";
import type { MonitoringProps } from "./props";

/**
 * What watches the central PostgreSQL and its services, for Prometheus: a role that may see statistics and no rows, a small
 * database of its own for pgmoor's facts, its secret, and the job of postgres_exporter.
 */
export class ServerMonitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { vault, namespace, services, server } = props;
    const secretName = databaseSecretName(monitoringRole);
    const secret = new DatabaseSecret(this, "secret", {
      service: monitoringJob,
      mount: vault.mount,
      name: secretName,
      fields: { username: monitoringRole, database: monitoringRole },
      passwordVersion: 1,
      ownership: "new",
    });
    const database = new PostgresDatabase(this, "database", {
      service: monitoringJob,
      name: monitoringRole,
      connectionLimit: monitoringConnections(services.length),
      extensions: server.countsStatements ? ["pg_stat_statements"] : [],
      existing: { role: false, database: false },
      password: { value: secret.password, version: 1, after: secret.resource },
      memberOf: [monitors],
    });
    const identity = new WorkloadIdentity(this, "identity", {
      service: monitoringJob,
      job: monitoringJob,
      // The age of the services' passwords, and no password of theirs.
      reads: {
        read: services.map(
          ({ definition }) => `${vault.mount}/metadata/${databaseSecretName(databaseName(definition))}`,
        ),
        written: [],
      },
      namespace,
      mount: vault.mount,
      secrets: [secretName],
      source: { secrets: [], readable: false },
      jwtAuth: vault.jwtAuth,
      audience: vault.audience,
    });
    const timeout = Duration.minutes(8).toString();
    named(
      new Job(this, "job", {
        jobspec: literal(JSON.stringify(monitoringJobOf(props))),
        json: true,
        detach: false,
        deregisterOnDestroy: false,
        timeouts: { create: timeout, update: timeout },
        rerunIfDead: true,
        dependsOn: [
          ...(secret.resource === undefined ? [] : [secret.resource]),
          ...database.ready,
          ...identity.ready,
        ],
      }),
      addressName(monitoringJob),
    );
  }
}
