import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { letInAt } from "./access";
import { consulAcl, consulTokens, type ConsulTokens } from "./consul-access";
import { call } from "./api";
import type { Program } from "./program";
import { LabServer } from "./lab-server";
import { tlsOf, type Certificates } from "./secure";
import { freePorts, waitFor } from "./wait";

export interface ConsulServer {
  readonly address: string;
  readonly server: LabServer;
  /** Of a lab that is closed. */
  readonly tokens?: ConsulTokens;
}

/**
 * Starts Consul as a server of its own cluster of one, on 127.0.0.1 only and without DNS, gRPC and WAN.
 * @param certificates of a closed lab, whose Consul also has ACLs
 */
export async function startConsul(
  program: Program,
  directory: string,
  env: Readonly<Record<string, string>>,
  certificates?: Certificates,
): Promise<ConsulServer> {
  await fs.mkdir(directory, { recursive: true });
  const [http, rpc, serf] = (await freePorts(3)) as [number, number, number];
  const address = `${certificates === undefined ? "http" : "https"}://127.0.0.1:${http}`;
  const management = randomUUID();
  if (certificates !== undefined)
    letInAt(address, { tls: tlsOf(certificates), headers: { "X-Consul-Token": management } });
  const config = {
    node_name: "lab",
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    data_dir: path.join(directory, "data"),
    server: true,
    bootstrap: true,
    // A leader within a second: the default is for servers that are busy or far apart.
    performance: { raft_multiplier: 1 },
    ui_config: { enabled: true },
    ...(certificates === undefined ? {} : { tls: consulTls(certificates), acl: consulAcl(management) }),
    ports: {
      ...(certificates === undefined ? { http } : { http: -1, https: http }),
      server: rpc,
      serf_lan: serf,
      serf_wan: -1,
      dns: -1,
      grpc: -1,
      grpc_tls: -1,
    },
    // All of the cluster has one address here. With the default, 200, a drained node's tasks wait for each other's connections.
    limits: { http_max_conns_per_client: 1000 },
    disable_update_check: true,
    disable_remote_exec: true,
  };
  const file = path.join(directory, "consul.json");
  await fs.writeFile(file, JSON.stringify(config, undefined, 2));
  const server = await LabServer.start({
    name: "Consul",
    program: program.file,
    args: ["agent", "-config-file", file],
    env,
    cwd: directory,
    log: path.join(directory, "consul.log"),
    // Alone it is ready with its first answer; whoever needs a leader waits for it.
    ready: async () => (await call<string>(`${address}/v1/status/leader`)) !== undefined,
  });
  await consulLeads(address);
  if (certificates === undefined) return { address, server };
  return { address, server, tokens: await consulTokens(address, management) };
}

function consulTls({ ca, server }: Certificates) {
  return {
    defaults: {
      ca_file: ca,
      cert_file: server.cert,
      key_file: server.key,
      verify_incoming: true,
      verify_outgoing: true,
    },
  };
}

/** Waits until Consul has a leader, without which it answers nothing of use. */
export async function consulLeads(address: string): Promise<void> {
  await waitFor({ what: "Consul has a leader", deadlineSeconds: 30 }, async () => {
    return (await call<string>(`${address}/v1/status/leader`)) !== "";
  });
}

/** Registers the server as the service `postgresql`, with a check, and waits until Consul calls it healthy. */
export async function registerPostgres(consul: string, host: string, port: number): Promise<void> {
  const Check = { Name: "accepts connections", TCP: `${host}:${port}`, Interval: "1s", Timeout: "1s" };
  const body = { Name: "postgresql", Address: host, Port: port, Check };
  await call(`${consul}/v1/agent/service/register`, { method: "PUT", body });
  await waitFor({ what: "Consul calls PostgreSQL healthy", deadlineSeconds: 15 }, async () => {
    const healthy = await call<unknown[]>(`${consul}/v1/health/service/postgresql?passing=true`);
    return healthy.length === 1;
  });
}
