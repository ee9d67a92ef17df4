import * as fs from "node:fs/promises";
import * as path from "node:path";
import { call } from "./api";
import type { Program } from "./programs";
import { type RunningProcess, startProcess } from "./process";
import { freePorts, waitFor } from "./wait";

export interface ConsulServer {
  readonly address: string;
  readonly process: RunningProcess;
}

/** Starts Consul in its development mode, in memory, on 127.0.0.1 only and without DNS, gRPC and WAN. */
export async function startConsul(
  program: Program,
  directory: string,
  env: Readonly<Record<string, string>>,
): Promise<ConsulServer> {
  await fs.mkdir(directory, { recursive: true });
  const [http, rpc, serf] = (await freePorts(3)) as [number, number, number];
  const address = `http://127.0.0.1:${http}`;
  const config = {
    node_name: "lab",
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    ports: { http, server: rpc, serf_lan: serf, serf_wan: -1, dns: -1, grpc: -1, grpc_tls: -1 },
    disable_update_check: true,
    disable_remote_exec: true,
  };
  const file = path.join(directory, "consul.json");
  await fs.writeFile(file, JSON.stringify(config, undefined, 2));
  const process = await startProcess({
    name: "Consul",
    program: program.file,
    args: ["agent", "-dev", "-config-file", file],
    env,
    cwd: directory,
    log: path.join(directory, "consul.log"),
    ready: async () => (await call<string>(`${address}/v1/status/leader`)) !== "",
  });
  return { address, process };
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
