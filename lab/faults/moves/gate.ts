/** Holds a session in a service's database: what comes to the gate waits for a lock that the lab has. */
import type { Client } from "pg";
import { databaseOf } from "../../story/context";
import type { Bench } from "../bench";
import type { SqliteSubject } from "../steps";

const lock = 4711;

/** For a function that a test plants. The migrator's own sessions wait no longer than 10 s for a lock. */
export const passGate = `LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = 0
  AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${lock}); RETURN true; END $$`;

/** What opens each service's gate. */
const closed = new Map<string, () => Promise<void>>();

/** Resolves when it is closed. */
export function closeGate(bench: Bench, { service }: SqliteSubject): Promise<void> {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return new Promise((resolve, reject) => {
    const session = bench
      .asAdmin(databaseOf(service), async (client: Client) => {
        // With a server that is killed the gate is open.
        client.on("error", open);
        await client.query("SELECT pg_advisory_lock($1)", [lock]);
        resolve();
        await opened;
      })
      .catch(reject);
    closed.set(service.name, async () => {
      open();
      await session;
    });
  });
}

/** Does nothing when it is open. */
export async function openGate({ service }: SqliteSubject): Promise<void> {
  const open = closed.get(service.name);
  closed.delete(service.name);
  await open?.();
}

/** The process of the session that waits at the gate. */
export function waitsAtGate(bench: Bench, { service }: SqliteSubject): Promise<number | undefined> {
  return bench.asAdmin("postgres", async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND objid = $1 AND NOT granted AND datname = $2`,
      [lock, databaseOf(service)],
    );
    return rows[0]?.pid;
  });
}
