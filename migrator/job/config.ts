import { z } from "zod";
import { rollbackKinds } from "../../services/ledger";
import { migrationTablesSchema, rulesSchema } from "../../services/rules";
import { readJson } from "../base/read-json";

const absolutePath = z.string().startsWith("/", "must be an absolute path");
const url = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });

const schema = z.strictObject({
  service: z.string().min(1),
  source: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("sqlite"),
      file: absolutePath,
      schema: z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("command") }),
        z.strictObject({ kind: z.literal("app"), health: url }),
      ]),
    }),
    z.strictObject({
      kind: z.literal("postgres"),
      data: absolutePath,
      user: z.string().min(1),
      database: z.string().min(1),
    }),
  ]),
  snapshots: absolutePath,
  migrationTables: migrationTablesSchema.default([]),
  rules: rulesSchema.default([]),
  verify: z.enum(["sample", "full"]).default("sample"),
  health: url,
  rollback: z.enum(rollbackKinds).optional(),
  deadlines: z
    .strictObject({
      migrateSeconds: z.number().positive().default(600),
      confirmSeconds: z.number().positive().default(60),
      healthySeconds: z.number().positive().default(300),
      waitSeconds: z.number().positive().default(180),
    })
    .prefault({}),
});

/**
 * What the tasks of a cutover or a rollback are told, rendered by Nomad into a file; it holds no secret.
 *
 * - `service`: the service's name, as in the ledger.
 * - `source.file`: the app's SQLite file, in a volume mounted read-only.
 * - `source.schema`: how the app builds its schema: a `command` that ends, or the `app` itself, run until `health` answers 2xx.
 * - `source.data`: the data directory of the app's embedded PostgreSQL, in a volume mounted read-only; `user` and `database`
 *   are the app's there. The schema comes with the data.
 * - `snapshots`: folder of the backup volume; every attempt makes a sub-folder of its own.
 * - `migrationTables`: the app's record of its own schema migrations; compared, never copied. Default none.
 * - `rules`: what may be done to values that do not fit, and what may be left behind. Default nothing.
 * - `verify`: how much of a large SQLite table the proof compares: a random `sample` of its rows, or `full`, every value.
 *   Default `sample`. Small tables are compared whole in any case.
 * - `health`: the running app's sign of health; `confirm` needs a 2xx from it.
 * - `rollback`: only in a job that goes back to its source: whether the server's rows are brought into it, or left behind.
 * - `deadlines`: in whole seconds. How long `migrate` (default 600) and `confirm` (60) may take; how long the app of a service
 *   that has moved may take to answer, when a new version is deployed (300); how long the job may have waited for a client with
 *   room for it before a move begins (180).
 */
export type Config = z.infer<typeof schema>;

/**
 * Reads and checks the file.
 * @throws Refused naming every field that is wrong.
 */
export function readConfig(file: string): Config {
  return readJson(schema, "--config", file);
}
