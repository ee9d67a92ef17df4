/** Whether the databases still fit the server's image, after it was changed: versions of extensions and of collations. */
import type { Client } from "pg";
import { messageOf } from "../../migrator/base/errors";
import { databaseName } from "../../services/definition";
import { asAdmin, isAdmin } from "../../survey/postgres";
import type { Probe, Told } from "../probe";

interface Extension {
  readonly name: string;
  readonly installed: string;
  /** Of the image; null: it has none. */
  readonly available: string | null;
}

const extensionsSql = `
  SELECT extname AS name, extversion AS installed, default_version AS available
    FROM pg_extension LEFT JOIN pg_available_extensions ON name = extname
   WHERE default_version IS DISTINCT FROM extversion ORDER BY 1`;

/** PostgreSQL 15 and later. Locale C has no version: it is the same everywhere. */
const databaseCollationSql = `
  SELECT FROM pg_database
   WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)`;

/** Of columns, indexes among them. */
const collationsSql = `
  SELECT c.oid::regcollation::text AS name FROM pg_collation c
   WHERE collversion <> pg_collation_actual_version(c.oid)
     AND EXISTS (SELECT FROM pg_attribute WHERE attcollation = c.oid) ORDER BY 1`;

export const image: Probe = {
  name: "image",
  needs: ["postgres"],
  async look({ environment, services, place, admin }) {
    if (typeof admin === "string" || place === undefined || !isAdmin(admin)) return {};
    const problems: Told[] = [];
    const notes: Told[] = [];
    const own = services.map(({ service, name }) => ({ name, database: databaseName(service.definition) }));
    const there = await asAdmin(environment, place, admin, "postgres", existing).catch(() => undefined);
    for (const { name, database } of own) {
      if (there?.has(database) !== true) continue;
      try {
        const found = await asAdmin(environment, place, admin, database, (client) =>
          lookInto(client, database),
        );
        problems.push(...found.problems.map((what) => ({ service: name, what })));
        notes.push(...found.notes.map((what) => ({ service: name, what })));
      } catch (error) {
        problems.push({ service: name, what: `its database cannot be looked at: ${messageOf(error)}` });
      }
    }
    return { problems, notes };
  },
};

async function existing(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT datname AS name FROM pg_database WHERE datallowconn",
  );
  return new Set(rows.map(({ name }) => name));
}

async function lookInto(client: Client, database: string): Promise<{ problems: string[]; notes: string[] }> {
  const extensions = await client.query<Extension>(extensionsSql);
  const missing = extensions.rows.filter(({ available }) => available === null);
  const other = extensions.rows.filter(({ available }) => available !== null);
  const collations = await client.query<{ name: string }>(collationsSql);
  const version = await client.query<{ n: number }>("SELECT current_setting('server_version_num')::int AS n");
  const whole = version.rows[0]!.n >= 150_000 && (await client.query(databaseCollationSql)).rowCount !== 0;
  const reindex = `Run REINDEX DATABASE ${database}, then`;
  return {
    problems: [
      ...missing.map(
        ({ name }) =>
          `its database has the extension "${name}", and the server's image does not. Use an image that has it`,
      ),
      ...(whole
        ? [
            `its database was sorted by another version of the C library or of ICU: indexes on text may be wrong. ${reindex} ALTER DATABASE ${database} REFRESH COLLATION VERSION`,
          ]
        : []),
      ...collations.rows.map(
        ({ name }) =>
          `columns with the collation ${name} were sorted by another version of it: their indexes may be wrong. ${reindex} ALTER COLLATION ${name} REFRESH VERSION`,
      ),
    ],
    notes: other.map(
      ({ name, installed, available }) =>
        `its database has version ${installed} of the extension "${name}", and the server's image has ${available}. Run ALTER EXTENSION "${name}" UPDATE in the database ${database}`,
    ),
  };
}
