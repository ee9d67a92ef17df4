/** A homelab on small servers: Nomad and Consul that answer what a test says, a Vault, and the run's real PostgreSQL. */
import { servicesAlone } from "../support/services-alone";
import type { Environment, EnvironmentService } from "../../environments/model/environment";
import { askStatus } from "../../status/ask";
import type { ServiceStatus, Status } from "../../status/report";
import { vaultwarden } from "../../services/vaultwarden";
import { ApiServer, type ApiAnswer, type Respond } from "../lab/providers/support/api-server";
import { FakeVault } from "../lab/providers/support/fake-vault";
import { ask, dropAll, testServer } from "../lab/providers/support/test-postgres";

/** Other tests have databases of these names on the same server. */
export const name = `st${process.pid}_vault`;
export const definition = { ...vaultwarden, database: { ...vaultwarden.database, name } };

export class Stage {
  readonly vault = new FakeVault();
  /** By path. */
  readonly nomadAnswers = new Map<string, ApiAnswer | Respond>();
  readonly consulAnswers = new Map<string, ApiAnswer>();
  readonly nomad = new ApiServer((request) => {
    const answer = this.nomadAnswers.get(request.path) ?? { status: 404 };
    return typeof answer === "function" ? answer(request) : answer;
  });
  readonly consul = new ApiServer(({ path }) => this.consulAnswers.get(path) ?? { body: [] });

  static async open(): Promise<Stage> {
    const stage = new Stage();
    const { user, password, host, port } = testServer();
    await Promise.all([stage.vault.server, stage.nomad, stage.consul].map((server) => server.start()));
    stage.vault.put("postgres/admin", { username: user, password });
    stage.vault.put(`postgres/${name}`, { username: name, password: "the role's own", database: name });
    stage.nomadAnswers.set("/v1/jobs", { body: [] });
    stage.health("postgresql", "passing", { address: host, port });
    await ask(`CREATE ROLE ${name} LOGIN PASSWORD 'the role''s own' CONNECTION LIMIT 20`);
    await ask(`CREATE DATABASE ${name} OWNER ${name} ENCODING 'UTF8' TEMPLATE template0`);
    await ask(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    return stage;
  }

  async close(): Promise<void> {
    await Promise.all([this.vault.server, this.nomad, this.consul].map((server) => server.stop()));
    await dropAll({ databases: [name], roles: [name] });
  }

  /** As pgmoor deploys it, unless told otherwise. */
  job({
    phase = "cutover",
    running = 1,
    count = 1,
    status = "running",
    stop = false,
    byHand = false,
    deployment = "successful",
    others = 0,
  } = {}): void {
    const meta = { pgmoor_version: "abc", ...(phase === "prepared" ? {} : { pgmoor_phase: phase }) };
    const own = { Name: "vaultwarden", Count: count, Meta: byHand ? null : meta };
    const groups = others === 0 ? [own] : [own, { Name: "worker", Count: others }];
    this.nomadAnswers.set("/v1/job/vaultwarden", {
      body: { Status: status, Stop: stop, Version: 3, TaskGroups: groups },
    });
    this.nomadAnswers.set("/v1/job/vaultwarden/deployment", {
      // What the server sends for null is {}.
      body: byHand ? "null" : { Status: deployment, StatusDescription: "of the test" },
    });
    const allocations = (TaskGroup: string, length: number) =>
      Array.from({ length }, () => ({ ClientStatus: "running", TaskGroup }));
    const placed = [...allocations("vaultwarden", running), ...allocations("worker", others)];
    this.nomadAnswers.set("/v1/job/vaultwarden/allocations", {
      body: [...placed, { ClientStatus: "complete" }, { ClientStatus: "failed" }],
    });
  }

  health(service: string, status: string, { address = "127.0.0.1", port = 1 } = {}): void {
    const checks = [{ Status: "passing" }, { Status: status }];
    const instance = { Node: { Address: address }, Service: { Address: "", Port: port }, Checks: checks };
    this.consulAnswers.set(`/v1/health/service/${service}`, { body: [instance] });
  }

  environment(change: Partial<EnvironmentService> = {}): Environment {
    return {
      ...servicesAlone,
      nomad: { ...servicesAlone.nomad, address: this.nomad.address },
      vault: { ...servicesAlone.vault, address: this.vault.server.address },
      consul: { address: this.consul.address },
      services: [{ definition, phase: "cutover", existing: ["job"], ...change }],
    };
  }

  status(change: Partial<EnvironmentService> = {}, env = this.vault.env): Promise<Status> {
    const environment = this.environment(change);
    return askStatus({ environment, file: "environments/homelab.ts", names: ["vaultwarden"], env });
  }

  async service(change: Partial<EnvironmentService> = {}): Promise<ServiceStatus> {
    return (await this.status(change)).services[0]!;
  }
}

/** As the service's role, in its database. */
export function asRole<R extends object>(sql: string): Promise<R[]> {
  return ask<R>(sql, { user: name, password: "the role's own", database: name });
}
