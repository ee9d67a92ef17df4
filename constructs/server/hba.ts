import type { Template } from "../../nomad/job";
import { monitors } from "../../services/monitoring";
import { file, fixedText, withSecret } from "../../nomad/template";

/** Where the server's task has it. */
export const hbaPath = "/local/pg_hba.conf";

export interface HbaProps {
  /** Of the admin's secret in Vault, which has its name. */
  readonly mount: string;
  readonly adminSecret: string;
  /** Whether members of `pg_monitor` get in: the databases decide which of them. */
  readonly watched: boolean;
  /** Lines that come first. @default none */
  readonly further?: readonly string[] | undefined;
  /** Whether connections without TLS are refused. */
  readonly encryptedOnly: boolean;
}

/**
 * pg_hba.conf. A service's role has the name of its database, and `sameuser` lets it into that one alone, also when it is a member
 * of another service's role (`samerole` would not). A new service needs no new line: neither a change of the server's job, which
 * Nomad would restart for it, nor a reload. A list of the declared services would lock out those that are retired, and still run.
 * Nobody gets in over TCP without a password, not even on the host's own loopback, where every container in the host's network is.
 * Source: https://www.postgresql.org/docs/16/auth-pg-hba-conf.html
 */
export function hbaFile({ mount, adminSecret, watched, further = [], encryptedOnly }: HbaProps): Template {
  const host = encryptedOnly ? "hostssl" : "host";
  const first = further.map((line) => `${line}\n`).join("");
  const rest = withSecret(mount, adminSecret, (field) => {
    const admin = `{{ ${field("username").go} | toJSON }}`;
    return [
      "local all all peer",
      `${host} all ${admin} all scram-sha-256`,
      `${host} replication ${admin} all scram-sha-256`,
      `${host} sameuser all all scram-sha-256`,
      ...(watched ? [`${host} all +${monitors} all scram-sha-256`] : []),
      "",
    ].join("\n");
  });
  return file(hbaPath, fixedText(first) + rest, "0644");
}
