/** Reads KV version 2 secrets with the token that Terraform has. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Environment } from "../environments/model/environment";
import type { Found } from "./found";
import { read, type Answer } from "./http";

export interface Secret {
  readonly presence: Found["secret"];
  /** Of its newest version. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Of its newest version, deleted or not. */
  readonly metadata?: { readonly version: number; readonly created: Date } | undefined;
}

const answer = z.object({
  data: z.object({
    data: z.record(z.string(), z.unknown()).nullish(),
    metadata: z
      .object({ version: z.number(), created_time: z.coerce.date() })
      .transform(({ version, created_time: created }) => ({ version, created }))
      .optional(),
  }),
});

/** Where Terraform's provider finds it, too. @returns undefined when there is none: nothing can be planned then */
export function vaultToken(env: NodeJS.ProcessEnv): string | undefined {
  if (env.VAULT_TOKEN) return env.VAULT_TOKEN;
  try {
    return readFileSync(join(homedir(), ".vault-token"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined when there is no answer */
export function readVault(
  { address }: Environment["vault"],
  path: string,
  token: string | undefined,
  namespace: string | undefined,
): Promise<Answer | undefined> {
  return read(`${address}/v1/${path}`, { "X-Vault-Token": token, "X-Vault-Namespace": namespace });
}

export async function readSecret(
  { vault }: Environment,
  name: string,
  token: string,
  namespace: string | undefined,
): Promise<Secret> {
  const found = await readVault(vault, `${vault.mount}/data/${name}`, token, namespace);
  if (found === undefined || ![200, 404].includes(found.status)) return { presence: "unknown", data: {} };
  const parsed = answer.safeParse(found.body);
  if (!parsed.success) return { presence: found.status === 404 ? "absent" : "unknown", data: {} };
  const { data, metadata } = parsed.data.data;
  // Vault answers with the metadata alone for a version that was deleted or destroyed.
  return data == null ? { presence: "deleted", data: {}, metadata } : { presence: "present", data, metadata };
}
