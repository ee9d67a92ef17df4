/** One dump into a new database, compared with its manifest. */
import * as path from "node:path";
import type { Client } from "pg";
import { Failed, messageOf, Refused } from "../base/errors";
import { identifier, literal } from "../base/quoting";
import type { Log } from "../base/progress";
import type { DatabaseLogin } from "../server/login";
import { adminOf, asAdmin } from "./admin";
import { apart, contentsOf, hasChecksums, rowsOf, type DatabaseManifest } from "./manifest";
import { tool } from "./tools";

export interface Restoring {
  /** The server that gets it. */
  readonly server: DatabaseLogin["variables"];
  /** The folder that `database.file` is in. */
  readonly folder: string;
  readonly database: DatabaseManifest;
  /** The new database's name. */
  readonly as: string;
  readonly log: Log;
  readonly stop: AbortSignal;
}

export interface Restored {
  readonly database: string;
  readonly rows: number;
  readonly tables: number;
}

/** Programs that restore at a time, each with a session. */
const jobs = 2;

/**
 * Makes the database, fills it and compares every table. When anything fails, it drops what it has made.
 * @throws Refused when a database of that name exists, or the owner's role does not
 */
export async function restoreDump(the: Restoring): Promise<Restored> {
  const { server, database, as, log } = the;
  return asAdmin(adminOf(server), async (client) => {
    await requireRoom(client, the);
    await create(client, the);
    try {
      await fill(the);
      await asAdmin(adminOf(server, as), (inside) => applySettings(inside, as, database.settings));
      const found = await asAdmin(adminOf(server, as), contentsOf);
      const differences = apart(database, found);
      if (differences.length > 0)
        throw new Failed(
          `the restored database is not what the manifest says: ${differences.slice(0, 10).join("; ")}`,
        );
      await open(client, the);
      const compared = hasChecksums(database)
        ? "all as in the manifest"
        : "as many as in the manifest. An earlier version of pgmoor made the backup: its checksums were not compared";
      log(`${as}: ${Object.keys(database.tables).length} tables, ${rowsOf(database)} rows, ${compared}`);
      return { database: as, rows: rowsOf(database), tables: Object.keys(database.tables).length };
    } catch (error) {
      throw new Failed(messageOf(error), await discard(client, the));
    }
  });
}

async function requireRoom(client: Client, { database, as }: Restoring): Promise<void> {
  const there = await client.query("SELECT FROM pg_database WHERE datname = $1", [as]);
  if (there.rowCount !== 0) throw thereAlready(as);
  const owner = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [database.owner]);
  if (owner.rowCount === 0)
    throw new Refused(
      `the server has no role ${database.owner}, which owns the database. Deploy its service, or create the role`,
    );
}

/** unique_violation, duplicate_database: another restore made it at the same moment. */
const anotherMadeIt = ["23505", "42P04"];

function thereAlready(as: string): Refused {
  return new Refused(`there is a database ${as} already, and nothing is restored over it. Use another name`);
}

/**
 * Nobody but superusers gets in until `open`: a service that waits for its database would make its tables in it, and write,
 * before the rows are back.
 */
async function create(client: Client, { database, as }: Restoring): Promise<void> {
  const { owner, encoding, collate, ctype } = database;
  const made = client.query(
    `CREATE DATABASE ${identifier(as)} OWNER ${identifier(owner)} TEMPLATE template0 ENCODING ${literal(encoding)}
       LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)} CONNECTION LIMIT 0`,
  );
  await made.catch((error: Error & { code?: string }) => {
    throw anotherMadeIt.includes(error.code ?? "") ? thereAlready(as) : error;
  });
  await client.query(`REVOKE ALL ON DATABASE ${identifier(as)} FROM PUBLIC`);
}

async function open(client: Client, { as }: Restoring): Promise<void> {
  await client.query(`ALTER DATABASE ${identifier(as)} CONNECTION LIMIT -1`);
}

/** Waits for the server, which may be restarting. */
const serverSeconds = 60;

/** @returns what became of the new database */
async function discard(client: Client, { server, as, log }: Restoring): Promise<string> {
  const statement = `DROP DATABASE IF EXISTS ${identifier(as)} WITH (FORCE)`;
  const drop = (session: Client) => session.query(statement);
  try {
    // A server whose disk is full may crash, and our session with it.
    await drop(client).catch(() => asAdmin(adminOf(server), drop, { seconds: serverSeconds, log }));
    return `the new database ${as} was dropped again; nothing else changed`;
  } catch (error) {
    return `the new database ${as} is still there, and only superusers can connect to it: ${messageOf(error)}. When the server is back: ${statement}; nothing else changed`;
  }
}

/** libpq takes a name that has a `=` in it for a whole connection string, which may lead elsewhere. */
function connectionString(database: string): string {
  return `dbname='${database.replace(/['\\]/g, "\\$&")}'`;
}

/** Its commits do not wait for the disk. That of `open` does, and comes after all of them in the server's WAL. */
async function fill({ server, folder, database, as, stop }: Restoring): Promise<void> {
  const { variables } = adminOf(server);
  await tool({
    program: "pg_restore",
    args: [
      `--dbname=${connectionString(as)}`,
      `--jobs=${jobs}`,
      "--exit-on-error",
      "--no-password",
      path.join(folder, database.file),
    ],
    env: { ...variables, PGOPTIONS: `${variables.PGOPTIONS} -c synchronous_commit=off` },
    stop,
  });
}

/** The search path last: from then on, names of ours could be found elsewhere. */
async function applySettings(client: Client, as: string, settings: readonly string[]): Promise<void> {
  const pairs = settings.map((setting) => {
    const at = setting.indexOf("=");
    return [setting.slice(0, at), setting.slice(at + 1)] as const;
  });
  const last = ([name]: readonly [string, string]) => (name === "search_path" ? 1 : 0);
  for (const [name, value] of pairs.sort((a, b) => last(a) - last(b))) {
    await client.query("SELECT set_config($1, $2, false)", [name, value]);
    const parameter = name.split(".").map(identifier).join(".");
    await client.query(`ALTER DATABASE ${identifier(as)} SET ${parameter} FROM CURRENT`);
  }
}
