/** When a service's password was made. Only the secret's metadata is read: the task may not see the password. */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import type { FactsConfig } from "./config";

const answer = z.object({
  data: z.object({
    current_version: z.number(),
    versions: z.record(z.string(), z.object({ created_time: z.string() })),
  }),
});

/**
 * @param secrets the task's `NOMAD_SECRETS_DIR`, with Vault's token
 * @returns ISO 8601; `null` when there is no such secret
 * @throws when Vault does not answer, or does not let the task see it
 */
export async function passwordChanged(
  secrets: string,
  { address, mount, namespace }: FactsConfig["vault"],
  secret: string,
): Promise<string | null> {
  // Nomad writes a new one now and then.
  const token = fs.readFileSync(path.join(secrets, "vault_token"), "utf8").trim();
  const found = await fetch(`${address}/v1/${mount}/metadata/${secret}`, {
    headers: {
      "X-Vault-Token": token,
      ...(namespace === undefined ? {} : { "X-Vault-Namespace": namespace }),
    },
    signal: AbortSignal.timeout(5_000),
  });
  if (found.status === 404) return null;
  if (!found.ok) throw new Error(`Vault answers HTTP ${found.status} for the metadata of ${secret}`);
  const { data } = answer.parse(await found.json());
  return data.versions[data.current_version]?.created_time ?? null;
}
