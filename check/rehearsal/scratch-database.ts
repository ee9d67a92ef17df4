/** The database that a rehearsal moves into: empty, the service's role owns it, and it is dropped at the end. */
import { escapeIdentifier, type Client } from "pg";
import type { Environment } from "../../environments/model/environment";
import { databaseName } from "../../services/definition";
import type { Definition } from "../../services/job-definition";
import { extensionSchemas } from "../../services/server-images";
import { asAdmin, type AdminSecret } from "../../survey/postgres";
import type { Place } from "../../survey/server";

export interface Server {
  readonly environment: Environment;
  readonly place: Place;
  readonly admin: AdminSecret;
}

/** PostgreSQL cuts longer names off. */
const longestName = 63;

export function scratchName(definition: Definition): string {
  return `pgmoor_rehearsal_${databaseName(definition)}`.slice(0, longestName);
}

/** `work`, while no other rehearsal of the service runs. @throws Error when one does */
export function alone<T>(
  { environment, place, admin }: Server,
  definition: Definition,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return asAdmin(environment, place, admin, "postgres", async (client) => {
    const name = scratchName(definition);
    const { rows } = await client.query<{ got: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS got",
      [name],
    );
    if (!rows[0]!.got) throw new Error("another rehearsal of this service runs");
    return work(client);
  });
}

/** As pgmoor makes the service's own. @returns what drops it */
export async function makeScratchDatabase(
  client: Client,
  { environment, place, admin }: Server,
  definition: Definition,
): Promise<() => Promise<void>> {
  const [name, role] = [scratchName(definition), databaseName(definition)];
  const [database, owner] = [name, role].map(escapeIdentifier) as [string, string];
  const drop = async () => void (await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
  // Of a rehearsal that was killed.
  await drop();
  await client.query(
    `CREATE DATABASE ${database} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  try {
    await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    await asAdmin(environment, place, admin, name, async (inside) => {
      // Nobody has been in here yet, who could have put anything in the way.
      await inside.query("SET search_path = public");
      for (const extension of definition.database.extensions ?? []) {
        await inside.query(`CREATE EXTENSION ${escapeIdentifier(extension)}`);
        const schema = extensionSchemas[extension];
        if (schema !== undefined)
          await inside.query(`GRANT USAGE ON SCHEMA ${escapeIdentifier(schema)} TO ${owner}`);
      }
    });
  } catch (error) {
    await drop();
    throw error;
  }
  return drop;
}
