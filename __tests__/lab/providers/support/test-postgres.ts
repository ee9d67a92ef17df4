import { Client, escapeIdentifier } from "pg";

interface Server {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The run's PostgreSQL, see the global setup. */
export function testServer(): Server {
  const told = process.env.PGMOOR_TEST_PG;
  if (!told) throw new Error("PGMOOR_TEST_PG is not set: the tests are run by jest, with its global setup");
  return JSON.parse(told) as Server;
}

/** A provider configuration for the run's PostgreSQL. */
export function testProvider(): Record<string, unknown> {
  const { host, port, user, password } = testServer();
  return { host, port, username: user, password, sslmode: "disable" };
}

/** Asks the run's PostgreSQL, as its superuser unless told otherwise. */
export async function ask<R extends object>(
  sql: string,
  { values, ...who }: { values?: unknown[]; user?: string; password?: string; database?: string } = {},
): Promise<R[]> {
  const client = new Client({ database: "postgres", ...testServer(), ...who });
  await client.connect();
  try {
    return (await client.query<R & Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Removes what a test left, whether it got far or not. */
export async function dropAll({ databases = [], roles = [] }: { databases?: string[]; roles?: string[] }) {
  for (const name of databases) await ask(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
  for (const name of roles) await ask(`DROP ROLE IF EXISTS ${escapeIdentifier(name)}`);
}
