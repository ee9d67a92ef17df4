/** Reads KV version 2 secrets with the token that Terraform has. */
import { z } from "zod";
import { vaultApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import type { Found } from "./found";

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

/** With the token that Terraform has, too. */
export async function readSecret(
  { vault }: Environment,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Secret> {
  const found = await ask(vaultApi(vault, env), `/v1/${vault.mount}/data/${name}`);
  if (found.status === undefined || ![200, 404].includes(found.status))
    return { presence: "unknown", data: {} };
  const parsed = answer.safeParse(found.body);
  if (!parsed.success) return { presence: found.status === 404 ? "absent" : "unknown", data: {} };
  const { data, metadata } = parsed.data.data;
  // Vault answers with the metadata alone for a version that was deleted or destroyed.
  return data == null ? { presence: "deleted", data: {}, metadata } : { presence: "present", data, metadata };
}
