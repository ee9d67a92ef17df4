import * as fs from "node:fs/promises";
import * as path from "node:path";
import { letInAt } from "./access";
import { ApiError, call } from "./api";
import type { HostFolder } from "./lab";
import type { Program } from "./program";
import { LabServer } from "./lab-server";
import { bootstrapAcl } from "./nomad-access";
import { region, tlsOf, type Certificates } from "./secure";
import { freePorts, waitFor } from "./wait";

export interface NomadOptions {
  readonly program: Program;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly consul: string;
  readonly vault: string;
  readonly hostFolders: readonly HostFolder[];
  /** Of a lab that is closed. @default it is open */
  readonly closed?: Closed | undefined;
}

/** TLS with client certificates, ACLs, and a region and a namespace of its own. */
export interface Closed {
  readonly certificates: Certificates;
  readonly vaultNamespace: string | undefined;
  /** Of Consul. */
  readonly consulToken: string;
}

export interface NomadServer {
  readonly address: string;
  readonly server: LabServer;
  readonly client: LabServer;
  /** Of a lab that is closed. */
  readonly tokens?: { readonly management: string; readonly person: string };
}

const loopback = "127.0.0.1";

/**
 * Starts a Nomad server, then a client with the exec driver; ready when the client has seen Consul and Vault. Two agents: in one, the
 * client may register before the server has made its keys, is refused, and tries again only 15 to 20 s later.
 */
export async function startNomad(options: NomadOptions): Promise<NomadServer> {
  const [http, rpc, serf, clientHttp] = (await freePorts(4)) as [number, number, number, number];
  const { closed } = options;
  const [address, clientAddress] = [http, clientHttp].map(
    (port) => `${closed === undefined ? "http" : "https"}://${loopback}:${port}`,
  ) as [string, string];
  if (closed !== undefined)
    for (const one of [address, clientAddress]) letInAt(one, { tls: tlsOf(closed.certificates) });
  const server = await startAgent("server", options, {
    config: {
      ports: { http, rpc, serf },
      server: { enabled: true, bootstrap_expect: 1, raft_multiplier: 1 },
    },
    ready: () => answers(address),
  });
  try {
    await nomadLeads(address);
    const tokens =
      closed && (await bootstrapAcl(address, [address, clientAddress], { tls: tlsOf(closed.certificates) }));
    const client = await startAgent("client", options, {
      config: {
        ports: { http: clientHttp },
        client: { servers: [`${loopback}:${rpc}`], ...clientConfig(options.hostFolders) },
      },
      ready: () => answers(clientAddress),
    });
    await nodeReady(address);
    return { address, server, client, ...(tokens === undefined ? {} : { tokens }) };
  } catch (error) {
    await server.kill();
    throw error;
  }
}

async function startAgent(
  role: "server" | "client",
  { program, directory, env, consul, vault, closed }: NomadOptions,
  agent: { config: object; ready: () => Promise<boolean> },
): Promise<LabServer> {
  const folder = path.join(directory, role);
  await fs.mkdir(folder, { recursive: true });
  const config = {
    name: "lab",
    datacenter: "dc1",
    // As short as can be: the socket of the task API is below it, and a socket's path takes 107 characters at most.
    data_dir: folder,
    bind_addr: loopback,
    advertise: { http: loopback, rpc: loopback, serf: loopback },
    disable_update_check: true,
    disable_anonymous_signature: true,
    consul: {
      address: new URL(consul).host,
      ...(closed && { ssl: true, token: closed.consulToken, ...files(closed, role) }),
    },
    ...(closed && {
      region,
      acl: { enabled: true },
      tls: {
        http: true,
        rpc: true,
        verify_server_hostname: true,
        verify_https_client: true,
        ...files(closed, role),
      },
    }),
    vault: {
      enabled: true,
      ...(closed && { ...files(closed, role), namespace: closed.vaultNamespace }),
      address: vault,
      jwt_auth_backend_path: "jwt-nomad",
      default_identity: { aud: ["vault.io"], ttl: "1h" },
    },
    ...agent.config,
  };
  const file = path.join(folder, "nomad.json");
  await fs.writeFile(file, JSON.stringify(config, undefined, 2));
  return LabServer.start({
    name: `Nomad ${role}`,
    program: program.file,
    args: ["agent", "-config", file],
    env,
    cwd: folder,
    log: path.join(folder, "nomad.log"),
    ready: agent.ready,
  });
}

function files({ certificates }: Closed, role: "server" | "client") {
  const { ca, nomadServer, nomadClient } = certificates;
  const { cert, key } = role === "server" ? nomadServer : nomadClient;
  return { ca_file: ca, cert_file: cert, key_file: key };
}

function clientConfig(hostFolders: readonly HostFolder[]) {
  // Nomad gives out dynamic ports without looking whether they are taken: two labs should not draw from one range.
  const firstDynamic = 20_000 + 200 * Math.floor(Math.random() * 60);
  return {
    enabled: true,
    network_interface: "lo",
    // Nomad gives a port out on ::1 while an old allocation still has it on 127.0.0.1, where our programs listen.
    host_network: [{ loopback6: [{ cidr: "::1/128", reserved_ports: "1-65535" }] }],
    // A small machine must not refuse jobs that reserve what they have at home.
    cpu_total_compute: 20_000,
    min_dynamic_port: firstDynamic,
    max_dynamic_port: firstDynamic + 199,
    // On a machine whose disk is fuller than 80 % it would remove each allocation when it ends, with what it printed.
    gc_disk_usage_threshold: 100,
    gc_inode_usage_threshold: 100,
    // Programs come by host volume: Nomad's own list would copy gigabytes for every allocation. An empty map means that list, too.
    chroot_env: { "/etc/passwd": "/etc/passwd" },
    // Nomad waits up to a minute between tries and kills the task after twelve: nine minutes of a sealed Vault. Here one.
    template: { vault_retry: { attempts: 12, backoff: "250ms", max_backoff: "5s" } },
    options: {
      "driver.allowlist": "exec",
      // They ask the metadata address of a cloud.
      "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
    },
    host_volume: Object.fromEntries(
      hostFolders.map(({ volume, folder, readOnly }) => [volume, { path: folder, read_only: readOnly }]),
    ),
  };
}

/** An agent answers before it has found a leader, Consul or Vault. */
async function answers(address: string): Promise<boolean> {
  await call(`${address}/v1/agent/self`).catch((error: unknown) => {
    // It answers, though not to everybody.
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
  });
  return true;
}

/** Waits until the server leads, and has the keys that it signs its tasks' identities with. */
export async function nomadLeads(address: string): Promise<void> {
  await waitFor({ what: "Nomad has a leader", deadlineSeconds: 30 }, async () => {
    const leader = await call<string>(`${address}/v1/status/leader`);
    const { keys } = await call<{ keys: unknown[] }>(`${address}/.well-known/jwks.json`);
    return leader !== "" && keys.length > 0;
  });
}

/** Waits until the client is registered, and has found all that the lab's jobs need. */
export async function nodeReady(address: string): Promise<void> {
  const what = "Nomad's client has registered and found Consul, Vault and its exec driver";
  await waitFor({ what, deadlineSeconds: 30 }, () => clientReady(address));
}

interface Node {
  readonly Attributes: Record<string, string>;
  readonly Drivers: Record<string, { Healthy: boolean; HealthDescription: string }>;
}

async function clientReady(address: string): Promise<boolean> {
  const [node] = await call<{ ID: string; Status: string }[]>(`${address}/v1/nodes`);
  if (node?.Status !== "ready") return false;
  const { Attributes, Drivers } = await call<Node>(`${address}/v1/node/${node.ID}`);
  if (!Attributes["consul.version"]) throw new Error("it has not found Consul yet");
  if (!Attributes["vault.version"]) throw new Error("it has not found Vault yet");
  if (!Drivers.exec?.Healthy) throw new Error(`its exec driver: ${Drivers.exec?.HealthDescription}`);
  return true;
}
