/** Asks the servers where every service stands. What one server cannot tell, the others still do. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { databaseName, databaseSecretName } from "../services/definition";
import { findServer, type Place } from "../survey/server";
import { readSecret, vaultToken, type Secret } from "../survey/vault";
import { atATime } from "./at-a-time";
import { consulTrouble, healthStatus } from "./consul";
import { nextSteps } from "./next";
import { jobStatus, nomadTrouble } from "./nomad";
import {
  isTold,
  type Asked,
  type DatabaseStatus,
  type ServerStatus,
  type ServiceStatus,
  type Status,
} from "./report";
import { serverContents, type ServerContents } from "./server";
import { lookInside, unseen } from "./tables";
import { isUp } from "./up";
import { passwordStatus, vaultTrouble } from "./vault";

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

/** What could not be asked, by the reason; nothing: it could. */
interface Reached {
  readonly nomad: string | undefined;
  readonly vault: string | undefined;
  readonly consul: string | undefined;
  readonly place: Place | undefined;
  readonly server: ServerContents | string;
  readonly secretIn: (name: string) => Promise<Secret>;
}

export async function askStatus(asking: Asking): Promise<Status> {
  const { environment, names } = asking;
  const wanted = environment.services
    .map((service, index) => ({ service, index }))
    .filter(({ service }) => names.includes(service.definition.name));
  const live = wanted.filter(({ service }) => service.phase !== "retired");
  const now = new Date();
  const reached = await reach(
    asking,
    live.map(({ service }) => databaseName(service.definition)),
  );
  return {
    pgmoor: "status",
    environment: environment.name,
    asked: now.toISOString(),
    servers: serversOf(environment, reached),
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

async function reach({ environment, env }: Asking, databases: readonly string[]): Promise<Reached> {
  const token = vaultToken(env);
  const [nomad, vault, consul] = await Promise.all([
    nomadTrouble(environment, env),
    vaultTrouble(environment, token),
    consulTrouble(environment, env),
  ]);
  const secretIn = async (name: string): Promise<Secret> =>
    token === undefined || vault !== undefined
      ? { presence: "unknown", data: {} }
      : readSecret(environment, name, token, env.VAULT_NAMESPACE);
  const place = await findServer(environment, env);
  const server = await serverOf(environment, { vault, consul, place, secretIn }, databases);
  return { nomad, vault, consul, place, server, secretIn };
}

async function serverOf(
  environment: Environment,
  { vault, consul, place, secretIn }: Omit<Reached, "nomad" | "server">,
  databases: readonly string[],
): Promise<ServerContents | string> {
  const { adminSecret, service } = environment.server;
  if (place === undefined)
    return consul === undefined
      ? `was not found: Consul has no healthy service "${service}"`
      : "was not found: Consul has its address. With server.address in the environment, it is asked all the same";
  if (vault !== undefined) return "was not asked: its admin's password is in Vault";
  const admin = await secretIn(adminSecret);
  const secret = `${environment.vault.mount}/${adminSecret}`;
  if (admin.presence === "unknown") return `was not asked: Vault does not show ${secret} to this token`;
  if (admin.presence !== "present") return `was not asked: Vault has no secret ${secret}`;
  return serverContents(environment, place, admin, databases);
}

function serversOf(environment: Environment, reached: Reached): ServerStatus[] {
  const { place, server } = reached;
  return [
    { server: "Nomad", at: environment.nomad.address, trouble: reached.nomad ?? null },
    { server: "Vault", at: environment.vault.address, trouble: reached.vault ?? null },
    { server: "Consul", at: environment.consul.address, trouble: reached.consul ?? null },
    {
      server: "PostgreSQL",
      at: place === undefined ? null : `${place.host}:${place.port}`,
      trouble: typeof server === "string" ? server : null,
    },
  ];
}

async function serviceStatus(
  { environment, file, env }: Asking,
  reached: Reached,
  service: EnvironmentService,
  index: number,
  now: Date,
): Promise<ServiceStatus> {
  const { name } = service.definition;
  const database = databaseOf(reached, databaseName(service.definition));
  const [job, health, secret] = await Promise.all([
    reached.nomad === undefined ? jobStatus(environment, name, env) : { unknown: `Nomad ${reached.nomad}` },
    reached.consul === undefined
      ? healthStatus(environment, name, env)
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
  };
  return { ...seen, next: nextSteps({ environment, service, index, file, seen }) };
}

function databaseOf({ server }: Reached, name: string): Asked<DatabaseStatus> {
  return typeof server === "string"
    ? { unknown: `PostgreSQL ${server}` }
    : (server.databases.get(name) ?? null);
}

async function insideOf(
  environment: Environment,
  { place }: Reached,
  database: Asked<DatabaseStatus>,
  secret: Secret,
) {
  if (database === null) return { tables: null, ledger: null, works: null };
  if ("unknown" in database || place === undefined)
    return unseen(database !== null && "unknown" in database ? database.unknown : "");
  return lookInside(environment, place, database.name, secret);
}
