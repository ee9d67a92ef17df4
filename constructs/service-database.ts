import { Construct } from "constructs";
import { databaseName } from "../services/definition";
import { jobId, jobNamespace, type Definition } from "../services/job-definition";
import type { RollbackKind } from "../services/ledger";
import { DatabaseSecret } from "./database-secret";
import { NomadService } from "./nomad-service";
import { extensionSchemas } from "../services/server-images";
import { PostgresDatabase, usageName, watchedName } from "./postgres-database";
import { connectionOf, type ServerProps } from "./job/connection";
import type { JobPhase, ServiceJobProps } from "./job/props";
import { PhaseGuard } from "./phase-guard";
import { addressName } from "./terraform";
import { movingSecrets, readableSecrets, templateReads } from "./workload-role";
import { sourcePolicyAddress, WorkloadIdentity } from "./workload-identity";

export interface ServiceDatabaseProps {
  readonly definition: Definition;
  readonly phase: JobPhase;
  /** Of a `prepared` service that has moved: what becomes of the server's rows. @default it has not moved */
  readonly rollback?: RollbackKind | undefined;
  /** What is there already. */
  readonly existing: { readonly job: boolean; readonly secret: boolean; readonly database: boolean };
  /** What a deploy that was cut off has made of role and database: ours, and not in the state. @default nothing */
  readonly cutOff?: { readonly role: boolean; readonly database: boolean } | undefined;
  /** Nomad's index of a version of the job that somebody changed by hand, which is to be replaced. @default nobody did */
  readonly over?: number | undefined;
  /** @default 1; for an existing secret: the one it has */
  readonly passwordVersion?: number;
  readonly nomad: Pick<ServiceJobProps, "datacenter" | "namespace" | "region">;
  readonly vault: { readonly mount: string; readonly jwtAuth: string; readonly audience: string };
  readonly server: ServerProps;
  /** Whether the environment has a monitoring, which looks into the database. */
  readonly watched: boolean;
  readonly domain: string;
  readonly proxy?: ServiceJobProps["proxy"];
  readonly migrator: ServiceJobProps["migrator"];
}

/**
 * A service's database on the central PostgreSQL: its secret in Vault, its role, database and extensions, what its job may
 * read, and the job itself: on its source or going back to it (`prepared`), moving to the server (`cutover`), or on the server (`settled`).
 */
export class ServiceDatabase extends Construct {
  constructor(scope: Construct, id: string, props: ServiceDatabaseProps) {
    super(scope, id);
    const { definition, existing, cutOff, vault, nomad } = props;
    const name = databaseName(definition);
    const namespace = jobNamespace(definition, nomad.namespace);
    const connection = connectionOf(definition, props.server, vault.mount);

    // A later version than the first takes an existing secret over.
    const passwordVersion = props.passwordVersion ?? 1;
    const rotated = passwordVersion > 1;
    const secret = new DatabaseSecret(this, "secret", {
      service: definition.name,
      ...connection.secret,
      fields: { username: name, database: name },
      passwordVersion,
      ownership: !existing.secret ? "new" : rotated ? "taken-over" : "existing",
    });
    const database = new PostgresDatabase(this, "database", {
      service: definition.name,
      name,
      connectionLimit: definition.database.connectionLimit,
      extensions: definition.database.extensions ?? [],
      watched: props.watched,
      existing: {
        role: existing.database || cutOff?.role === true,
        database: existing.database || cutOff?.database === true,
      },
      password:
        existing.database && !rotated
          ? undefined
          : { value: secret.password, version: passwordVersion, after: secret.resource },
    });
    const identity = new WorkloadIdentity(this, "identity", {
      service: definition.name,
      job: jobId(definition),
      namespace,
      mount: vault.mount,
      secrets: readableSecrets(definition),
      reads: templateReads(definition),
      source: { secrets: movingSecrets(definition, props.migrator), readable: props.phase !== "settled" },
      jwtAuth: vault.jwtAuth,
      audience: vault.audience,
    });
    const guard =
      definition.source === undefined
        ? undefined
        : new PhaseGuard(this, "phase", {
            service: definition.name,
            job: jobId(definition),
            namespace,
            database: name,
            phase: props.phase,
            rollback: props.rollback,
            databaseReady: database.ready,
          });
    new NomadService(this, "service", {
      definition,
      phase: props.phase,
      rollback: props.rollback,
      datacenter: nomad.datacenter,
      namespace,
      region: nomad.region,
      domain: props.domain,
      proxy: props.proxy,
      connection,
      passwordVersion,
      vaultRole: identity.role,
      migrator: props.migrator,
      existing: existing.job,
      over: props.over,
      preconditions: guard?.preconditions ?? [],
      dependsOn: [
        ...(secret.resource === undefined ? [] : [secret.resource]),
        ...database.ready,
        ...identity.ready,
      ],
    });
  }
}

/** The addresses of everything that a `ServiceDatabase` of this definition may have put into the state. */
export function serviceDatabaseAddresses(definition: Definition): string[] {
  const name = addressName(definition.name);
  const { extensions = [] } = definition.database;
  return [
    `vault_kv_secret_v2.${name}`,
    `postgresql_role.${name}`,
    `postgresql_database.${name}`,
    `postgresql_grant.${name}_public`,
    `postgresql_grant.${watchedName(definition.name)}`,
    ...extensions.map((extension) => `postgresql_extension.${name}_${addressName(extension)}`),
    ...extensions
      .filter((extension) => Object.hasOwn(extensionSchemas, extension))
      .map((extension) => `postgresql_grant.${usageName(definition.name, extension)}`),
    `vault_policy.${name}`,
    ...(definition.source === undefined ? [] : [`vault_policy.${sourcePolicyAddress(definition.name)}`]),
    `vault_jwt_auth_backend_role.${name}`,
    `nomad_job.${name}`,
  ];
}
