import { z } from "zod";
import { readJson } from "../base/read-json";

const url = z.url({ protocol: /^https?$/ });

const schema = z.strictObject({
  consul: url,
  vault: z.strictObject({ address: url, mount: z.string(), namespace: z.string().optional() }),
  phaseMeta: z.string(),
  backups: z.boolean(),
  disk: z.string().startsWith("/").optional(),
  everySeconds: z.number().positive(),
  services: z.array(
    z.strictObject({
      name: z.string(),
      job: z.string(),
      namespace: z.string(),
      group: z.number().int().nonnegative(),
      health: z.string(),
      database: z.string(),
      secret: z.string(),
      phase: z.string(),
    }),
  ),
});

/**
 * What the task `facts` is told, rendered by Nomad into a file; it holds no secret.
 *
 * - `consul`, `vault`: their addresses; `mount` of Vault's KV v2 engine.
 * - `phaseMeta`: key in a group's metadata that has the phase in which the job was deployed.
 * - `backups`: whether the environment has backups.
 * - `disk`: a folder on the file system with the server's data.
 * - `everySeconds`: from one look to the next.
 * - `services`: `job` and `group` (its place) in Nomad, `health` its service in Consul, `secret` below the mount, `phase` as
 *   the environment declares it.
 */
export type FactsConfig = z.infer<typeof schema>;
export type WatchedService = FactsConfig["services"][number];

export const readFactsConfig = (file: string): FactsConfig => readJson(schema, "--config", file);
