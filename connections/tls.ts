/** How a person's programs trust a server, and show who they are: the variables that Nomad, Vault and Consul name for it. */
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../environments/model/problems";

/** What `node:https` takes. */
export interface TlsOptions {
  /** PEM. @default the authorities that Node.js knows */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate. @default the address's host */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/**
 * Names of one server's variables.
 * Sources: https://developer.hashicorp.com/nomad/commands#environment-variables,
 * https://developer.hashicorp.com/vault/docs/commands#configure-environment-variables,
 * https://developer.hashicorp.com/consul/commands#environment-variables
 */
export interface TlsVariables {
  readonly ca: string;
  readonly caFolder: string;
  readonly cert: string;
  readonly key: string;
  readonly serverName: string;
}

export const tlsVariables = {
  Nomad: {
    ca: "NOMAD_CACERT",
    caFolder: "NOMAD_CAPATH",
    cert: "NOMAD_CLIENT_CERT",
    key: "NOMAD_CLIENT_KEY",
    serverName: "NOMAD_TLS_SERVER_NAME",
  },
  Vault: {
    ca: "VAULT_CACERT",
    caFolder: "VAULT_CAPATH",
    cert: "VAULT_CLIENT_CERT",
    key: "VAULT_CLIENT_KEY",
    serverName: "VAULT_TLS_SERVER_NAME",
  },
  Consul: {
    ca: "CONSUL_CACERT",
    caFolder: "CONSUL_CAPATH",
    cert: "CONSUL_CLIENT_CERT",
    key: "CONSUL_CLIENT_KEY",
    serverName: "CONSUL_TLS_SERVER_NAME",
  },
} as const satisfies Record<string, TlsVariables>;
export type ServerName = keyof typeof tlsVariables;

/**
 * Nothing for an address without TLS.
 * @param caFile the environment's, before the person's
 * @throws {UserError} for a file that cannot be read, and a certificate without its key
 */
export function tlsFor(
  server: ServerName,
  address: string,
  caFile: string | undefined,
  verifies: boolean,
  env: NodeJS.ProcessEnv,
): TlsOptions {
  if (!address.startsWith("https:")) return {};
  const { ca, caFolder, cert, key, serverName } = tlsVariables[server];
  if (Boolean(env[cert]) !== Boolean(env[key]))
    throw new UserError(`Set both ${cert} and ${key}, or neither: a client certificate needs its key.`);
  const field = `${server.toLowerCase()}.caFile`;
  const authorities =
    caFile !== undefined
      ? textOf(resolve(caFile), `${field} of the environment`)
      : env[ca]
        ? textOf(env[ca], ca)
        : env[caFolder] && textsOf(env[caFolder], caFolder);
  return {
    ...(authorities ? { ca: authorities } : {}),
    ...(env[cert] ? { cert: textOf(env[cert], cert), key: textOf(env[key]!, key) } : {}),
    ...(env[serverName] ? { servername: env[serverName] } : {}),
    ...(verifies ? {} : { rejectUnauthorized: false }),
  };
}

function textOf(file: string, from: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UserError(`${file} (${from}) cannot be read.`);
  }
}

function textsOf(folder: string, from: string): string {
  try {
    return readdirSync(folder)
      .sort()
      .map((file) => textOf(join(folder, file), from))
      .join("\n");
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${folder} (${from}) cannot be read.`);
  }
}

const untrusted = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Why there is no TLS with a server, as a verb for its name, with what to do. @returns nothing: it is not TLS */
export function tlsTrouble(server: ServerName, error: unknown): string | undefined {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  const { ca, cert, key, serverName } = tlsVariables[server];
  if (untrusted.has(code))
    return `shows a certificate of an authority that is not trusted here. Set ${server.toLowerCase()}.caFile in the environment, or ${ca}`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `shows a certificate for another name. Use an address that it names, or set ${serverName}`;
  if (code === "CERT_HAS_EXPIRED") return `shows a certificate that has expired. Renew it`;
  if (code === "CERT_NOT_YET_VALID") return `shows a certificate that is not valid yet. Check both clocks`;
  // OpenSSL has the reason in the code when it reads, and only in the message when it writes.
  const words = `${code} ${message}`.replaceAll("_", " ");
  if (/alert (certificate required|bad certificate|unknown ca|handshake failure)/i.test(words))
    return `does not accept the client certificate. Set ${cert} and ${key} to one that its authority signed`;
  if (/wrong version number|packet length too long/i.test(words))
    return `does not speak TLS. Use an http:// address in the environment`;
  return undefined;
}
