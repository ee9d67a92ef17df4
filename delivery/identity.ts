/** Who the runner is, and the token that Vault gives it for that. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { vaultApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";

/**
 * The identity of the job that runs this: GitHub's OIDC token, or the file that `PGMOOR_IDENTITY_FILE` names, such as the
 * workload identity of a runner that is itself a Nomad job.
 *
 * @param audience whom it is for
 */
export async function identityOf(audience: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const {
    PGMOOR_IDENTITY_FILE: file,
    ACTIONS_ID_TOKEN_REQUEST_URL: url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
  } = env;
  if (file) {
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      throw new UserError(`${file} (PGMOOR_IDENTITY_FILE) cannot be read. It must hold the runner's JWT.`);
    }
  }
  if (!url || !token)
    throw new UserError(
      "The runner has no identity. On GitHub, give the workflow the permission id-token: write. Elsewhere, set PGMOOR_IDENTITY_FILE to the file with the runner's JWT.",
    );
  const asked = new URL(url);
  asked.searchParams.set("audience", audience);
  const answer = await fetch(asked, { headers: { Authorization: `bearer ${token}` } });
  if (!answer.ok)
    throw new UserError(`GitHub refused to issue an identity token for the job: HTTP ${answer.status}.`);
  return z.object({ value: z.string() }).parse(await answer.json()).value;
}

const login = z.object({ auth: z.object({ client_token: z.string() }) });

/** @returns the token @throws {UserError} in Vault's words */
export async function loginToVault(
  vault: Environment["vault"],
  to: { readonly mount: string; readonly role: string; readonly identity: string },
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const api = vaultApi(vault, env);
  // A token of somebody's that is in the environment plays no part in it.
  const headers = { ...api.headers, "X-Vault-Token": undefined };
  const answer = await ask({ ...api, headers }, `/v1/auth/${to.mount}/login`, {
    body: { role: to.role, jwt: to.identity },
    patienceMilliseconds: 10_000,
  });
  if (answer.status === undefined) throw new UserError(`Vault at ${vault.address} ${answer.why}.`);
  if (answer.status !== 200) {
    const refusal = z.object({ errors: z.array(z.string()) }).safeParse(answer.body);
    const words = refusal.data?.errors.join(", ");
    throw new UserError(
      `Vault refused the runner's login as ${to.role} (auth/${to.mount}): ${words || `HTTP ${answer.status}`}.`,
    );
  }
  return login.parse(answer.body).auth.client_token;
}
