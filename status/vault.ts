/** Whether Vault can be asked, and how old a service's password is. */
import { z } from "zod";
import { anonymous, vaultApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { ageInDays } from "../survey/password-age";
import type { Secret } from "../survey/vault";
import type { Asked, PasswordStatus } from "./report";
import { troubleOf } from "./trouble";

const seal = z.object({ sealed: z.boolean() });

/** @returns why it cannot be asked, if it cannot */
export async function vaultTrouble(
  { vault }: Environment,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const api = vaultApi(vault, env);
  // Needs no token, and answers while Vault is sealed.
  const found = await ask(anonymous(api), "/v1/sys/seal-status");
  const trouble = troubleOf(found, "this request");
  if (trouble !== undefined) return trouble;
  if (seal.safeParse(found.body).data?.sealed) return "is sealed: vault operator unseal";
  return api.headers["X-Vault-Token"] === undefined
    ? "was not asked: there is no token. Set VAULT_TOKEN, or run: vault login"
    : undefined;
}

/**
 * @param version `passwordVersion` in the environment
 * @param works whether the role takes the password
 */
export function passwordStatus(
  { presence, metadata }: Secret,
  version: number,
  works: boolean | null,
  now: Date,
): Asked<PasswordStatus> {
  if (presence === "absent") return null;
  if (presence === "unknown" || metadata === undefined)
    return { unknown: "Vault does not show the secret to this token" };
  return {
    version,
    vaultVersion: metadata.version,
    changed: metadata.created.toISOString(),
    days: ageInDays(metadata.created, now),
    deleted: presence === "deleted",
    works,
  };
}
