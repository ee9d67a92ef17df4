/** Takes secrets that a job has in plain sight to Vault. */
import { vaultApi, vaultToken } from "../connections/api";
import { ask } from "../connections/ask";
import { UserError } from "../environments/model/problems";
import type { Environment } from "../environments/model/environment";
import { readSecret } from "../survey/vault";

/**
 * Writes the fields beside what the secret has already. What was there stays.
 *
 * @param name the service's, and the secret's
 * @throws {UserError} where Vault does not take them, or has another value there
 */
export async function secretsToVault(
  environment: Environment,
  name: string,
  fields: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { vault } = environment;
  if (vaultToken(env) === undefined)
    throw new UserError("--secrets-to-vault needs a token for Vault: VAULT_TOKEN or ~/.vault-token.");
  const at = `${vault.mount}/${name}`;
  const { presence, data, metadata } = await readSecret(environment, name, env);
  if (presence === "unknown")
    throw new UserError(`Vault at ${vault.address} does not show the secret ${at} to this token.`);
  const others = Object.keys(fields).filter((field) => field in data && data[field] !== fields[field]);
  if (others.length > 0)
    throw new UserError(
      `The secret ${at} has another ${others.join(", ")} than the job. Remove it there, or write it into the job's definition by hand.`,
    );
  if (Object.keys(fields).every((field) => field in data)) return;
  const answer = await ask(vaultApi(vault, env), `/v1/${vault.mount}/data/${name}`, {
    // Nothing is written over what somebody wrote meanwhile.
    body: { options: { cas: metadata?.version ?? 0 }, data: { ...data, ...fields } },
  });
  if (answer.status !== 200)
    throw new UserError(
      `Vault does not take the secret ${at} (${answer.status === undefined ? "no answer" : `HTTP ${answer.status}`}): the token needs create and update on ${vault.mount}/data/${name}.`,
    );
}
