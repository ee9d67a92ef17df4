/** How a task of pgmoor's tells people: variables of its own, and the webhook from Vault. */
import type { Template } from "../../nomad/job";
import { envFile, envLine, text, withSecret } from "../../nomad/template";
import type { Telling } from "../../services/notices";

export function tellingEnv({ logFormat }: Telling): Record<string, string> {
  return logFormat === "json" ? { PGMOOR_LOG_FORMAT: logFormat } : {};
}

/** @param mount of Vault's KV v2 engine */
export function noticesFile({ notices }: Telling, mount: string): Template[] {
  if (notices === undefined) return [];
  const { secret, format } = notices;
  return [
    envFile(
      "secrets/notices.env",
      withSecret(
        mount,
        secret,
        (field) => envLine("PGMOOR_NOTICE_URL", field("url")) + envLine("PGMOOR_NOTICE_FORMAT", text(format)),
      ),
      "noop",
    ),
  ];
}

/** The secrets that it needs for that. */
export const tellingSecrets = ({ notices }: Telling): string[] =>
  notices === undefined ? [] : [notices.secret];
