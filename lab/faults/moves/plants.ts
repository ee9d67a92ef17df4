/** What a test puts into a service's empty database, and what it does once the app has made its tables there. */
import { databaseOf } from "../../story/context";
import { waitFor } from "../../servers/wait";
import type { Bench } from "../bench";
import type { SqliteSubject } from "../steps";
import { passGate } from "./gate";

/** Each is the body of a function that runs at the end of every DDL statement, as the server's admin. */
const plants = {
  /** Each row that is copied takes a moment. */
  "slow copy": `
    IF tg_tag = 'CREATE TABLE' AND to_regclass('public.ciphers') IS NOT NULL
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'lab_slow')
    THEN ALTER TABLE public.ciphers ADD CONSTRAINT lab_slow CHECK (lab.slow(atype)); END IF;`,
  /** The app, once it has made its first tables, comes to the gate. */
  "held schema": `
    IF tg_tag = 'CREATE TABLE' AND to_regclass('public.ciphers') IS NOT NULL THEN PERFORM lab.pass(0); END IF;`,
  /** The first row that is copied comes to the gate. */
  "held copy": `
    IF tg_tag = 'CREATE TABLE' AND to_regclass('public.ciphers') IS NOT NULL
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'lab_held')
    THEN ALTER TABLE public.ciphers ADD CONSTRAINT lab_held CHECK (lab.pass(atype)); END IF;`,
  /** When the rows are there, the first key that comes back comes to the gate. */
  "held end": `
    IF tg_tag = 'ALTER TABLE' AND to_regclass('public.ciphers') IS NOT NULL THEN
      IF EXISTS (SELECT FROM public.ciphers) THEN PERFORM lab.pass(0); END IF;
    END IF;`,
  /** When the rows are there, one is changed. */
  "changed row": `
    IF tg_tag = 'ALTER TABLE' AND to_regclass('public.ciphers') IS NOT NULL THEN
      UPDATE public.ciphers SET name = 'changed on the way' WHERE uuid = (SELECT min(uuid) FROM public.ciphers);
    END IF;`,
} as const;

export type Plant = keyof typeof plants;

export const plant =
  (what: Plant) =>
  (bench: Bench, { service }: SqliteSubject): Promise<unknown> =>
    bench.asAdmin(databaseOf(service), (client) =>
      client.query(`
        CREATE SCHEMA lab; GRANT USAGE ON SCHEMA lab TO PUBLIC;
        CREATE FUNCTION lab.slow(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.03); RETURN true; END $$;
        CREATE FUNCTION lab.pass(integer) RETURNS boolean ${passGate};
        CREATE FUNCTION lab.plant() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN ${plants[what]} END $$;
        CREATE EVENT TRIGGER lab_plant ON ddl_command_end EXECUTE FUNCTION lab.plant()`),
    );

export function uproot(bench: Bench, { service }: SqliteSubject): Promise<unknown> {
  return bench.asAdmin(databaseOf(service), (client) =>
    client.query("DROP EVENT TRIGGER IF EXISTS lab_plant; DROP SCHEMA IF EXISTS lab CASCADE"),
  );
}

/** Waits until a session of the service's role runs such a statement. @returns its process */
export function runs(bench: Bench, { service }: SqliteSubject, query: RegExp): Promise<number> {
  const wait = { what: `${service.name} runs ${query.source}`, deadlineSeconds: 120, everyMs: 20 };
  return bench.asAdmin("postgres", (client) =>
    waitFor(wait, async () => {
      const { rows } = await client.query<{ pid: number; query: string }>(
        "SELECT pid, query FROM pg_stat_activity WHERE datname = $1 AND usename = $1 AND state = 'active'",
        [databaseOf(service)],
      );
      return rows.find((one) => query.test(one.query))?.pid;
    }),
  );
}
