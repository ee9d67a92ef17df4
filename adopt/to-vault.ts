/** Takes a password that a job has in plain sight to Vault, where pgmoor reads it for the move. */
import { vaultApi, vaultToken } from "../connections/api";
import { ask } from "../connections/ask";
import { UserError } from "../environments/model/problems";
import type { Environment } from "../environments/model/environment";
import { readSecret } from "../survey/vault";
import type { Around } from "./on-server";

/** The field of the service's secret that holds the password of the PostgreSQL beside the app. */
const field = "source_password";

/**
 * Writes the password beside what the secret has already. What was there stays.
 *
 * @param name the service's, and the secret's
 * @throws {UserError} where Vault does not take it, or has another one there
 */
export async function passwordToVault(
  environment: Environment,
  name: string,
  password: string,
  env: NodeJS.ProcessEnv,
): Promise<NonNullable<Around["password"]>> {
  const { vault } = environment;
  if (vaultToken(env) === undefined)
    throw new UserError("--secrets-to-vault needs a token for Vault: VAULT_TOKEN or ~/.vault-token.");
  const at = `${vault.mount}/${name}`;
  const { presence, data, metadata } = await readSecret(environment, name, env);
  if (presence === "unknown")
    throw new UserError(`Vault at ${vault.address} does not show the secret ${at} to this token.`);
  if (data[field] === password) return { secret: name, field };
  if (data[field] !== undefined)
    throw new UserError(
      `The secret ${at} has another ${field} than the job. Remove that field, or name it in the definition.`,
    );
  const answer = await ask(vaultApi(vault, env), `/v1/${vault.mount}/data/${name}`, {
    // Nothing is written over what somebody wrote meanwhile.
    body: { options: { cas: metadata?.version ?? 0 }, data: { ...data, [field]: password } },
  });
  if (answer.status !== 200)
    throw new UserError(
      `Vault does not take the secret ${at} (${answer.status === undefined ? "no answer" : `HTTP ${answer.status}`}): the token needs create and update on ${vault.mount}/data/${name}.`,
    );
  return { secret: name, field };
}
