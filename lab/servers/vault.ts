import { createPublicKey, type JsonWebKey } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { letInAt } from "./access";
import { call } from "./api";
import type { Program } from "./program";
import { LabServer } from "./lab-server";
import { tlsOf, type Certificates } from "./secure";
import { freePorts, waitFor } from "./wait";

export interface VaultServer {
  readonly address: string;
  readonly token: string;
  readonly unsealKey: string;
  readonly server: LabServer;
}

/**
 * Starts Vault with its storage in a folder, and unseals it. Not its development mode, which keeps nothing, prints the root
 * token into its log and leaves it in the home folder. Started again, it is sealed.
 */
export async function startVault(
  program: Program,
  directory: string,
  env: Readonly<Record<string, string>>,
  certificates?: Certificates,
): Promise<VaultServer> {
  const data = path.join(directory, "data");
  await fs.mkdir(data, { recursive: true });
  const [port, cluster] = (await freePorts(2)) as [number, number];
  const address = `${certificates === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  if (certificates !== undefined) letInAt(address, { tls: tlsOf(certificates) });
  const config = {
    // The one kind that keeps data and is in every build: `-tags minimal` has no `file`.
    storage: { raft: { path: data, node_id: "lab", performance_multiplier: 1 } },
    listener: {
      tcp: {
        address: `127.0.0.1:${port}`,
        cluster_address: `127.0.0.1:${cluster}`,
        ...listenerTls(certificates),
      },
    },
    api_addr: address,
    cluster_addr: `http://127.0.0.1:${cluster}`,
    // Needs a capability that a container's root often lacks, and there is nothing worth locking in a lab.
    disable_mlock: true,
    ui: true,
  };
  const file = path.join(directory, "vault.json");
  await fs.writeFile(file, JSON.stringify(config, undefined, 2));
  const server = await LabServer.start({
    name: "Vault",
    program: program.file,
    args: ["server", `-config=${file}`],
    env,
    cwd: directory,
    log: path.join(directory, "vault.log"),
    ready: async () => {
      await call(`${address}/v1/sys/seal-status`);
      return true;
    },
  });
  const { keys, root_token } = await call<{ keys: [string]; root_token: string }>(`${address}/v1/sys/init`, {
    method: "PUT",
    body: { secret_shares: 1, secret_threshold: 1 },
  });
  await unseal({ address, unsealKey: keys[0] });
  return { address, token: root_token, unsealKey: keys[0], server };
}

function listenerTls(certificates: Certificates | undefined) {
  if (certificates === undefined) return { tls_disable: true };
  const { ca, server } = certificates;
  return {
    tls_cert_file: server.cert,
    tls_key_file: server.key,
    tls_client_ca_file: ca,
    tls_require_and_verify_client_cert: true,
  };
}

/** Makes a namespace, where everything of the lab's is from here on. Its users are the root namespace's. */
export async function useNamespace(vault: Access, name: string, certificates: Certificates): Promise<void> {
  await write(vault, `sys/namespaces/${name}`, {});
  letInAt(vault.address, { tls: tlsOf(certificates), headers: { "X-Vault-Namespace": name } });
}

type Access = Pick<VaultServer, "address" | "token">;

/** What the person does who has the key. Done when Vault answers to it. */
export async function unseal({
  address,
  unsealKey,
}: Pick<VaultServer, "address" | "unsealKey">): Promise<void> {
  await call(`${address}/v1/sys/unseal`, { method: "PUT", body: { key: unsealKey } });
  // 200 only for a Vault that is unsealed and active.
  await waitFor({ what: "Vault is active", deadlineSeconds: 30 }, async () => {
    await call(`${address}/v1/sys/health`);
    return true;
  });
}

export async function seal(vault: Access): Promise<void> {
  await call(`${vault.address}/v1/sys/seal`, { method: "PUT", headers: { "X-Vault-Token": vault.token } });
}

/** Mounts KV v2 at `secret` and JWT auth at `jwt-nomad`, as a homelab has them. */
export async function mountVault(vault: Access): Promise<void> {
  const body = { type: "kv", options: { version: "2" } };
  await write(vault, "sys/mounts/secret", body);
  await write(vault, "sys/auth/jwt-nomad", { type: "jwt" });
}

/**
 * Mounts a PKI engine at `pki` with an authority and a role, as `docs/encrypt-connections.md` says.
 * @returns the authority's certificate (PEM)
 */
export async function mountPki(vault: Access, role: string, names: readonly string[]): Promise<string> {
  await write(vault, "sys/mounts/pki", { type: "pki", config: { max_lease_ttl: "87600h" } });
  const made = (await write(vault, "pki/root/generate/internal", {
    common_name: "lab",
    ttl: "87600h",
  })) as { data: { certificate: string } };
  await write(vault, `pki/roles/${role}`, {
    allowed_domains: names.join(","),
    allow_bare_domains: true,
    allow_ip_sans: true,
    max_ttl: "720h",
  });
  return `${made.data.certificate}\n`;
}

/** Writes a secret of KV v2 at `secret/PATH`. Right after the mount, Vault may refuse for a moment while it upgrades it. */
export async function writeSecret(
  vault: Access,
  secret: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const what = `Vault takes the secret ${secret}`;
  await waitFor({ what, deadlineSeconds: 10 }, async () => {
    await write(vault, `secret/data/${secret}`, { data });
    return true;
  });
}

/** Has Vault trust the identities that Nomad gives to its tasks. Nomad has to answer by then: Vault tries the address. */
export async function trustNomad(vault: Access, nomad: string): Promise<void> {
  // Vault shows no client certificate when it asks for the keys. So it gets them.
  if (nomad.startsWith("https:")) {
    const { keys } = await call<{ keys: JsonWebKey[] }>(`${nomad}/.well-known/jwks.json`);
    const pem = (key: JsonWebKey) =>
      createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" });
    await write(vault, "auth/jwt-nomad/config", {
      jwt_validation_pubkeys: keys.map(pem),
      jwt_supported_algs: ["RS256", "EdDSA"],
    });
    return;
  }
  await write(vault, "auth/jwt-nomad/config", {
    jwks_url: `${nomad}/.well-known/jwks.json`,
    jwt_supported_algs: ["RS256", "EdDSA"],
  });
}

/** Mounts JWT auth for identities that are signed with this key, as a forge's are. */
export async function trustKey(vault: Access, mount: string, publicKey: string): Promise<void> {
  await write(vault, `sys/auth/${mount}`, { type: "jwt" });
  await write(vault, `auth/${mount}/config`, {
    jwt_validation_pubkeys: [publicKey],
    jwt_supported_algs: ["RS256"],
  });
}

function write(vault: Access, target: string, body: unknown): Promise<unknown> {
  const headers = { "X-Vault-Token": vault.token };
  return call(`${vault.address}/v1/${target}`, { method: "POST", body, headers });
}
