import { appendFileSync } from "node:fs";
import { runnerRole } from "../../constructs/runner-role";
import { identityOf, loginToVault } from "../../delivery/identity";
import { loadEnvironment } from "../../environments/model/load";
import { UserError } from "../../environments/model/problems";

export interface LoginOptions {
  readonly role: "plan" | "deploy";
}

export async function login({ role }: LoginOptions): Promise<void> {
  const { GITHUB_ENV: variables } = process.env;
  if (!variables)
    throw new UserError(
      "login runs in a step of GitHub or Gitea Actions (GITHUB_ENV is not set). At a terminal, use: vault login.",
    );
  const { vault, runner, name } = loadEnvironment();
  if (runner === undefined)
    throw new UserError(
      `The environment "${name}" has no runner. Add \`runner\`: it says which identity Vault trusts.`,
    );
  const identity = await identityOf(vault.audience);
  const token = await loginToVault(vault, {
    mount: runner.jwtAuth,
    role: runnerRole(role),
    identity,
  });
  // Actions takes it out of the logs from here on.
  console.log(`::add-mask::${token}`);
  appendFileSync(variables, `VAULT_TOKEN=${token}\n`);
}
