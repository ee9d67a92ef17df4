/** A real Prometheus with the files that `pgmoor monitoring` writes, on 127.0.0.1 only. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { call } from "../servers/api";
import { ownerVariable } from "../servers/lab";
import { LabServer } from "../servers/lab-server";
import { freePorts } from "../servers/wait";

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [time: number, value: string])[];
}

export class Prometheus {
  private constructor(
    private readonly address: string,
    readonly server: LabServer,
    /** The folder of its files and data. */
    readonly folder: string,
  ) {}

  /** @param files the folder that `pgmoor monitoring` wrote */
  static async start(program: string, files: string, lab: string): Promise<Prometheus> {
    const folder = path.join(lab, "prometheus");
    const config = path.join(folder, "prometheus.yml");
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(
      config,
      [
        "global: { evaluation_interval: 5s }",
        `scrape_config_files: [${path.join(files, "pgmoor.scrape.yml")}]`,
        `rule_files: [${path.join(files, "pgmoor.rules.yml")}]`,
        "",
      ].join("\n"),
    );
    const [port] = (await freePorts(1)) as [number];
    const address = `http://127.0.0.1:${port}`;
    const server = await LabServer.start({
      name: "Prometheus",
      program,
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      env: { PATH: "/usr/bin:/bin", HOME: folder, [ownerVariable]: lab },
      cwd: folder,
      log: path.join(folder, "prometheus.log"),
      ready: async () => (await fetch(`${address}/-/ready`)).ok,
      deadlineSeconds: 60,
    });
    return new Prometheus(address, server, folder);
  }

  async alerts(): Promise<readonly Alert[]> {
    const { data } = await call<{ data: { alerts: Alert[] } }>(`${this.address}/api/v1/alerts`);
    return data.alerts;
  }

  /** The names of its rules. */
  async rules(): Promise<string[]> {
    const { data } = await call<{ data: { groups: { rules: { name: string }[] }[] } }>(
      `${this.address}/api/v1/rules`,
    );
    return data.groups.flatMap(({ rules }) => rules.map(({ name }) => name));
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const { data } = await call<{ data: { result: Sample[] } }>(
      `${this.address}/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    return data.result;
  }

  /** Of the last so many seconds, in sixty steps. */
  async range(expression: string, seconds: number): Promise<readonly Series[]> {
    const end = Math.floor(Date.now() / 1000);
    const query = new URLSearchParams({
      query: expression,
      start: String(end - seconds),
      end: String(end),
      step: String(Math.ceil(seconds / 60)),
    });
    const { data } = await call<{ data: { result: Series[] } }>(
      `${this.address}/api/v1/query_range?${query.toString()}`,
    );
    return data.result;
  }
}
