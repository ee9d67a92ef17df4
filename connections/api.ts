/**
 * How pgmoor's own requests reach the cluster's servers: as the environment says, and by the variables by which a person's
 * `nomad`, `vault` and `consul` and Terraform's providers do. What the environment says comes first, as in Terraform.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../environments/model/environment";
import { tlsFor, type ServerName, type TlsOptions } from "./tls";

/** A server's HTTP API, with who asks. */
export interface Api {
  readonly server: ServerName;
  /** Without a slash at the end. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Put into every query. */
  readonly query: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
}

/** @throws {UserError} for files that cannot be read */
export function nomadApi({ address, region, caFile }: Environment["nomad"], env: NodeJS.ProcessEnv): Api {
  const wanted = regionOf({ region }, env);
  return {
    server: "Nomad",
    address,
    headers: { "X-Nomad-Token": env.NOMAD_TOKEN, ...basic(env.NOMAD_HTTP_AUTH) },
    query: wanted ? { region: wanted } : {},
    tls: tlsFor("Nomad", address, caFile, !isTrue(env.NOMAD_SKIP_VERIFY), env),
  };
}

/** @throws {UserError} for files that cannot be read */
export function vaultApi({ address, namespace, caFile }: Environment["vault"], env: NodeJS.ProcessEnv): Api {
  return {
    server: "Vault",
    address,
    headers: { "X-Vault-Token": vaultToken(env), "X-Vault-Namespace": namespace ?? env.VAULT_NAMESPACE },
    query: {},
    tls: tlsFor("Vault", address, caFile, !isTrue(env.VAULT_SKIP_VERIFY), env),
  };
}

/** Vault's state is the root namespace's alone, and everybody may ask for it. */
export function anonymous(api: Api): Api {
  return { ...api, headers: {} };
}

/** @throws {UserError} for files that cannot be read */
export function consulApi({ address: given, caFile }: Environment["consul"], env: NodeJS.ProcessEnv): Api {
  // As Consul's own clients: this variable turns plain HTTP into TLS, and never the other way round.
  const address = isTrue(env.CONSUL_HTTP_SSL) ? given.replace(/^http:/, "https:") : given;
  return {
    server: "Consul",
    address,
    headers: { "X-Consul-Token": env.CONSUL_HTTP_TOKEN, ...basic(env.CONSUL_HTTP_AUTH) },
    query: {},
    tls: tlsFor("Consul", address, caFile, !isFalse(env.CONSUL_HTTP_SSL_VERIFY), env),
  };
}

/** The region that the person or the environment means. @returns undefined: that of the server which is asked */
export function regionOf(
  { region }: Pick<Environment["nomad"], "region">,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return region ?? (env.NOMAD_REGION || undefined);
}

/** Where Terraform's provider finds it, too. @returns undefined when there is none: nothing can be planned then */
export function vaultToken(env: NodeJS.ProcessEnv): string | undefined {
  if (env.VAULT_TOKEN) return env.VAULT_TOKEN;
  try {
    return readFileSync(join(homedir(), ".vault-token"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** `USER:PASSWORD`, for a proxy before the server. */
function basic(login: string | undefined): Record<string, string> {
  return login ? { Authorization: `Basic ${Buffer.from(login).toString("base64")}` } : {};
}

/** As Go reads them. */
const isTrue = (value: string | undefined) => /^(1|t|true)$/i.test(value ?? "");
const isFalse = (value: string | undefined) => /^(0|f|false)$/i.test(value ?? "");
