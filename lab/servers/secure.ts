/** A lab as closed as a cluster of several people: who has no certificate does not get in. */
import * as fs from "node:fs";
import type { TlsOptions } from "../../connections/tls";
import { letInAt } from "./access";
import { makeAuthority, type Signed } from "./certificates";

/** Nomad's, in place of its `global` and `default`. Its certificates have the region in their names. */
export const region = "lab";
export const namespace = "homelab";
/** OpenBao's; Vault has them in its Enterprise edition only. */
export const vaultNamespace = "team";

/** The certificates of a lab: paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  /** Of Consul and Vault. */
  readonly server: Signed;
  readonly nomadServer: Signed;
  readonly nomadClient: Signed;
  /** Of whoever deploys. */
  readonly person: Signed;
}

export async function makeCertificates(folder: string): Promise<Certificates> {
  const authority = await makeAuthority(folder);
  return {
    ca: authority.ca,
    server: await authority.sign("server", ["server.dc1.consul"]),
    nomadServer: await authority.sign("nomad-server", [`server.${region}.nomad`]),
    nomadClient: await authority.sign("nomad-client", [`client.${region}.nomad`]),
    person: await authority.sign("person"),
  };
}

/** What a closed lab knows of itself. */
export interface Closed {
  readonly certificates: Certificates;
  /** Nomad's tokens: one that may do everything, and that of a person who deploys. */
  readonly nomadManagement: string;
  readonly nomadToken: string;
  /** Consul's, likewise. */
  readonly consulManagement: string;
  readonly consulToken: string;
  /** Of OpenBao. */
  readonly vaultNamespace?: string;
}

interface Reached {
  readonly consul: { readonly address: string };
  readonly vault: { readonly address: string; readonly token: string };
  readonly nomad: { readonly address: string };
  readonly secure?: Closed;
}

/** As a person's shell is told, to go with what the environment says. */
export function personVariables({ vault, secure }: Reached): Record<string, string> {
  const token = { VAULT_TOKEN: vault.token };
  if (secure === undefined) return token;
  const { ca, person } = secure.certificates;
  const shown = (prefix: string) => ({
    [`${prefix}_CLIENT_CERT`]: person.cert,
    [`${prefix}_CLIENT_KEY`]: person.key,
  });
  return {
    ...token,
    ...shown("NOMAD"),
    ...shown("VAULT"),
    ...shown("CONSUL"),
    // The environment names the authority of the other two.
    CONSUL_CACERT: ca,
    NOMAD_TOKEN: secure.nomadToken,
    CONSUL_HTTP_TOKEN: secure.consulToken,
  };
}

export function tlsOf({ ca, person }: Certificates): TlsOptions {
  const read = (file: string) => fs.readFileSync(file, "utf8");
  return { ca: read(ca), cert: read(person.cert), key: read(person.key) };
}

/** Lets this process's own requests in. Nothing to do for a lab that is open. */
export function letIn({ secure, nomad, vault, consul }: Reached): void {
  if (secure === undefined) return;
  const tls = tlsOf(secure.certificates);
  letInAt(consul.address, { tls, headers: { "X-Consul-Token": secure.consulManagement } });
  letInAt(nomad.address, {
    tls,
    headers: { "X-Nomad-Token": secure.nomadManagement },
    query: { namespace },
  });
  letInAt(vault.address, {
    tls,
    ...(secure.vaultNamespace === undefined
      ? {}
      : { headers: { "X-Vault-Namespace": secure.vaultNamespace } }),
  });
}
