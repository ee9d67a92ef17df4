/** The central server, as its admin. */
import type { Client } from "pg";
import { vaultToken } from "../connections/api";
import type { Environment } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";
import { identifier } from "../migrator/base/quoting";
import { asAdmin, isAdmin } from "../survey/postgres";
import { findServer } from "../survey/server";
import { readSecret } from "../survey/vault";

/** `work` in the database `postgres`. @throws {UserError} when server or secret are not to be had */
export async function onServer<T>(
  environment: Environment,
  env: NodeJS.ProcessEnv,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  if (vaultToken(env) === undefined)
    throw new UserError("There is no token for Vault (VAULT_TOKEN or ~/.vault-token).");
  const [place, admin] = await Promise.all([
    findServer(environment, env),
    readSecret(environment, environment.server.adminSecret, env),
  ]);
  if (place === undefined)
    throw new UserError(
      `Consul has no healthy service "${environment.server.service}". If the server is lost, restore all of it: pgmoor restore --all.`,
    );
  if (!isAdmin(admin))
    throw new UserError(
      `Vault does not show username and password of ${environment.vault.mount}/${environment.server.adminSecret} to this token.`,
    );
  return asAdmin(environment, place, admin, "postgres", work);
}

export async function databaseExists(client: Client, name: string): Promise<boolean> {
  const found = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
  return found.rowCount !== 0;
}

/**
 * Puts a database in the place of another, which is kept under a new name. Nobody is connected to either meanwhile.
 * @throws what the server says; the names are as before then
 */
export async function swap(client: Client, name: string, next: string, kept: string): Promise<void> {
  await client.query(`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS false`);
  try {
    await endSessions(client, name);
    await endSessions(client, next);
    await client.query(`ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(kept)}`);
    try {
      await client.query(`ALTER DATABASE ${identifier(next)} RENAME TO ${identifier(name)}`);
    } catch (error) {
      await client.query(`ALTER DATABASE ${identifier(kept)} RENAME TO ${identifier(name)}`);
      throw error;
    }
  } catch (error) {
    await client.query(`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true`);
    throw error;
  }
}

async function endSessions(client: Client, name: string): Promise<void> {
  await client.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", [
    name,
  ]);
}
