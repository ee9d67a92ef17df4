/** Asks the databases of an environment what their operator should do about them. It changes nothing. */
import { vaultToken } from "../connections/api";
import type { Environment } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";
import { messageOf } from "../migrator/base/errors";
import { cutOff, endSession } from "../migrator/server/connection";
import { databaseName, databaseSecretName } from "../services/definition";
import { monitoringRole } from "../services/monitoring";
import { connectAs, findServer, type Place } from "../survey/server";
import { readSecret } from "../survey/vault";
import type { DatabaseReport, Report } from "./findings";
import { findingsOf } from "./inside";
import { statementsOf } from "./statements";
import type { Client } from "pg";

const limits =
  "SET search_path = pg_catalog; SET lock_timeout = '1s'; SET statement_timeout = '20s'; SET default_transaction_read_only = on";

/** All of a database's looks. */
const patienceMilliseconds = 60_000;

/** @throws {UserError} when nothing can be asked at all */
export async function askReport(
  environment: Environment,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Report> {
  if (vaultToken(env) === undefined)
    throw new UserError("There is no token for Vault. Set VAULT_TOKEN, or run: vault login");
  const place = await findServer(environment, env);
  if (place === undefined)
    throw new UserError(
      `Consul has no healthy service "${environment.server.service}", the central PostgreSQL (docs/alerts/server-down.md).`,
    );
  const services = environment.services
    .filter(({ phase, definition }) => phase !== "retired" && names.includes(definition.name))
    .map(({ definition }) => ({ service: definition.name, database: databaseName(definition) }));
  const asking: Asking = { environment, place, env };
  const databases: DatabaseReport[] = [];
  for (const { service, database } of services)
    databases.push({ service, database, findings: await inDatabase(asking, database, findingsOf) });
  return {
    pgmoor: "report",
    environment: environment.name,
    asked: new Date().toISOString(),
    statements:
      environment.monitoring === undefined
        ? { unknown: "the environment has no monitoring, which counts them (docs/monitor.md)" }
        : await inDatabase(asking, monitoringRole, (client) =>
            statementsOf(
              client,
              services.map(({ database }) => database),
            ),
          ),
    databases,
  };
}

interface Asking {
  readonly environment: Environment;
  readonly place: Place;
  readonly env: NodeJS.ProcessEnv;
}

/** As the role that has the database's name: what the database does to those who look into it, that role may do anyway. */
async function inDatabase<T>(
  { environment, place, env }: Asking,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T | { unknown: string }> {
  const { presence, data } = await readSecret(environment, databaseSecretName(database), env);
  if (presence !== "present" || typeof data.password !== "string")
    return { unknown: `Vault shows no password for the role ${database}` };
  let client: Client | undefined;
  let patience: NodeJS.Timeout | undefined;
  try {
    const session = await connectAs(environment, place, database, data.password, database);
    client = session;
    patience = setTimeout(() => cutOff(session), patienceMilliseconds);
    await session.query(limits);
    return await work(session);
  } catch (error) {
    return { unknown: messageOf(error) };
  } finally {
    clearTimeout(patience);
    if (client !== undefined) await endSession(client);
  }
}
