/** The server's certificate: a template that Vault's PKI fills, and renews as long as the task lives. */
import { Duration } from "../../nomad/duration";
import type { Template } from "../../nomad/job";
import { taskVariable } from "../../nomad/template";
import type { ServerTls } from "../../services/server-job";
import type { Reads } from "../workload-role";

/** Certificate and key in one file, as the template function wants it. It is in memory only. */
const certificatePath = "/secrets/postgres.pem";

const defaultTtl = Duration.hours(30 * 24);

/** The path of Vault's API that issues it. */
function issuePath({ mount = "pki", role }: ServerTls): string {
  return `${mount}/issue/${role}`;
}

export function certificateReads(tls: ServerTls | undefined): Reads {
  return { read: [], written: tls === undefined ? [] : [issuePath(tls)] };
}

/**
 * @param portLabel of the job's port: the certificate is for its address, too
 * Source: https://github.com/hashicorp/consul-template/blob/main/docs/templating-language.md#pkicert
 */
export function certificateFile(tls: ServerTls, image: string, portLabel: string): Template {
  const { names, ttl = defaultTtl } = tls;
  const user = tls.user ?? (image.includes("alpine") ? 70 : 999);
  const parameters = [
    JSON.stringify(`common_name=${names[0]}`),
    JSON.stringify(`alt_names=${names.join(",")}`),
    `(printf "ip_sans=127.0.0.1,%s" ${taskVariable(`NOMAD_IP_${portLabel}`).go})`,
    JSON.stringify(`ttl=${ttl.toString()}`),
  ];
  return {
    EmbeddedTmpl: `{{ with pkiCert ${JSON.stringify(issuePath(tls))} ${parameters.join(" ")} }}{{ .Cert }}{{ .CA }}{{ .Key }}{{ end }}`,
    DestPath: certificatePath.slice(1),
    Envvars: false,
    // PostgreSQL refuses a key that others can read.
    Perms: "0600",
    Uid: user,
    Gid: user,
    ChangeMode: "signal",
    ChangeSignal: "SIGHUP",
    // Nomad waits for up to this long before it sends the signal, 5 s by default: one server has nobody to be spread from.
    Splay: 0,
    ErrMissingKey: true,
  };
}

/** PostgreSQL reads both from the one file. */
export const certificateSettings = {
  ssl: "on",
  ssl_cert_file: certificatePath,
  ssl_key_file: certificatePath,
} as const;
