/** Whether the webhook of the notices is in Vault: Nomad starts no task before it can read it. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { Secret } from "./vault";

/** @returns why a service must not move, if it must not: it would be down while its tasks wait */
export function noticesStop(
  { notices, vault }: Environment,
  { definition }: EnvironmentService,
  secret: Secret,
): string | undefined {
  if (notices === undefined || secret.presence === "unknown") return undefined;
  if (secret.presence === "present" && typeof secret.data.url === "string") return undefined;
  return `The secret ${vault.mount}/${notices.secret} of the notices has no field url, and the tasks that move ${definition.name} would wait for it while the service is down. Run \`vault kv put -mount=${vault.mount} ${notices.secret} url=…\`, or remove notices from the environment.`;
}
