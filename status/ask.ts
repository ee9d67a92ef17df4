/** Asks the servers where every service stands. What one server cannot tell, the others still do. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { consulService } from "../services/job-definition";
import { databaseName, databaseSecretName } from "../services/definition";
import type { Secret } from "../survey/vault";
import { backupsSeen, type BackupsSeen } from "../survey/backups";
import { atATime } from "./at-a-time";
import { backupStatus, backupSteps } from "./backups";
import { healthStatus } from "./consul";
import { nextSteps } from "./next";
import { jobStatus } from "./nomad";
import { reach, serversOf, type Reached } from "./reach";
import { isTold, type Asked, type DatabaseStatus, type ServiceStatus, type Status } from "./report";
import { serverContents, type ServerContents } from "./server";
import { lookInside, unseen } from "./tables";
import { isUp } from "./up";
import { passwordStatus } from "./vault";

/** Services at a time: as many sessions does the server get from us. */
const atOnce = 8;

export interface Asking {
  readonly environment: Environment;
  /** The environment's file, for what is to be edited: `environments/homelab.ts`. */
  readonly file: string;
  /** Only these. */
  readonly names: readonly string[];
  /** Where Terraform's providers find their tokens, too. */
  readonly env: NodeJS.ProcessEnv;
}

/** The servers, and what PostgreSQL has, or why it cannot be asked. */
interface Servers extends Reached {
  readonly server: ServerContents | string;
  readonly backups: BackupsSeen | string;
}

export async function askStatus(asking: Asking): Promise<Status> {
  const { environment, names } = asking;
  const wanted = environment.services
    .map((service, index) => ({ service, index }))
    .filter(({ service }) => names.includes(service.definition.name));
  const live = wanted.filter(({ service }) => service.phase !== "retired");
  const now = new Date();
  const reached = await serversFor(
    asking,
    live.map(({ service }) => databaseName(service.definition)),
  );
  return {
    pgmoor: "status",
    environment: environment.name,
    asked: now.toISOString(),
    servers: serversOf(environment, reached, typeof reached.server === "string" ? reached.server : undefined),
    connections:
      typeof reached.server === "string"
        ? { unknown: `PostgreSQL ${reached.server}` }
        : reached.server.connections,
    services: await atATime(atOnce, live, ({ service, index }) =>
      serviceStatus(asking, reached, service, index, now),
    ),
    retired: wanted
      .filter(({ service }) => service.phase === "retired")
      .map(({ service }) => service.definition.name),
  };
}

async function serversFor({ environment, env }: Asking, databases: readonly string[]): Promise<Servers> {
  const reached = await reach(environment, env);
  const { place, admin } = reached;
  const server =
    typeof admin === "string" ? admin : await serverContents(environment, place!, admin, databases);
  const backups =
    typeof server === "string" || typeof admin === "string" || environment.backups === undefined
      ? "was not asked about backups"
      : await backupsSeen(environment, place!, admin);
  return { ...reached, server, backups };
}

async function serviceStatus(
  { environment, file, env }: Asking,
  reached: Servers,
  service: EnvironmentService,
  index: number,
  now: Date,
): Promise<ServiceStatus> {
  const { name } = service.definition;
  const database = databaseOf(reached, databaseName(service.definition));
  const [job, health, secret] = await Promise.all([
    reached.nomad === undefined
      ? jobStatus(environment, service, env)
      : { unknown: `Nomad ${reached.nomad}` },
    reached.consul === undefined
      ? healthStatus(environment, consulService(service.definition), env)
      : { unknown: `Consul ${reached.consul}` },
    reached.secretIn(databaseSecretName(databaseName(service.definition))),
  ]);
  const inside = await insideOf(environment, reached, database, secret);
  const wasDeployed = service.existing?.includes("job") === true || isTold(database);
  const seen = {
    service: name,
    phase: { declared: service.phase, real: job !== null && "phase" in job ? job.phase : null },
    up: isUp(job, health, wasDeployed),
    job,
    health,
    database,
    tables: inside.tables,
    ledger: inside.ledger,
    password:
      reached.vault === undefined
        ? passwordStatus(secret, service.passwordVersion ?? 1, inside.works, now)
        : { unknown: `Vault ${reached.vault}` },
    backup: backupStatus(environment, reached.backups, databaseName(service.definition), now),
  };
  return {
    ...seen,
    next: [
      ...nextSteps({ environment, service, index, file, seen }),
      ...backupSteps(environment, seen.backup, isTold(database)),
    ],
  };
}

function databaseOf({ server }: Servers, name: string): Asked<DatabaseStatus> {
  return typeof server === "string"
    ? { unknown: `PostgreSQL ${server}` }
    : (server.databases.get(name) ?? null);
}

async function insideOf(
  environment: Environment,
  { place }: Servers,
  database: Asked<DatabaseStatus>,
  secret: Secret,
) {
  if (database === null) return { tables: null, ledger: null, works: null };
  if ("unknown" in database || place === undefined)
    return unseen(database !== null && "unknown" in database ? database.unknown : "");
  return lookInside(environment, place, database.name, secret);
}
