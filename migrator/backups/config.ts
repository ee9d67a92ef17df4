import { z } from "zod";
import { readJson } from "../base/read-json";

const absolutePath = z.string().startsWith("/", "must be an absolute path");

const schema = z.strictObject({
  work: absolutePath,
  keep: z.strictObject({
    daily: z.number().int().positive(),
    weekly: z.number().int().nonnegative(),
    monthly: z.number().int().nonnegative(),
    pointInTimeDays: z.number().int().positive(),
  }),
  walSeconds: z.number().positive(),
  data: absolutePath.optional(),
  queries: z.record(z.string(), z.string()).default({}),
});

/**
 * What the tasks that back up and restore are told, rendered by Nomad into a file; it holds no secret.
 *
 * - `work`: folder of the volume for received WAL, and for backups while they are made and restored.
 * - `keep`: how many backups are kept, and how many days back a restore can go to any second.
 * - `walSeconds`: from one copy of the WAL into the repository to the next.
 * - `queries`: what a restored database has to answer with true, by database.
 * - `data`: only for `restore-all`: the data directory of the central server.
 */
export type BackupConfig = z.infer<typeof schema>;

export const readBackupConfig = (file: string): BackupConfig => readJson(schema, "--config", file);
