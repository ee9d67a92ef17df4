/** What the chapter of the monitoring stands on: that of the backups, a service that has moved, and a Prometheus. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { exporterProgram, noticesSecret } from "../../environments/lab";
import { bootGround, layGround, limitDisk, volumeOf, type Ground } from "../backups/ground";
import type { ServedProviders } from "../providers/serve";
import type { BootedLab } from "../servers/boot";
import { findPostgresExporter } from "../servers/postgres-exporter";
import { findTool } from "../servers/programs";
import { writeSecret } from "../servers/vault";
import { freePorts } from "../servers/wait";
import { expectSuccess } from "../story/expectations";
import { registerByHand, sourceOf, waitForAnswer } from "../story/services";
import type { SqliteService } from "../story/sqlite-source";
import { Prometheus } from "./prometheus";
import { Webhook } from "./webhook";

export interface WatchedGround extends Ground {
  /** It has moved to the server, and is not settled. */
  readonly moved: SqliteService;
  readonly prometheus: Prometheus;
  /** What postgres_exporter answers. */
  metrics(): Promise<string>;
  readonly webhook: Webhook;
  readonly exporterPort: number;
  /** The folder that `pgmoor monitoring` wrote. */
  readonly files: string;
}

/** Its command is given and taken while it runs: the mode takes a restart. */
const archiving = { archive_mode: "on" };

const movedVolume = "vaultwarden_data";

export function bootWatchedGround(directory: string, say: Ground["say"]): Promise<BootedLab> {
  return bootGround(directory, say, [movedVolume]);
}

export async function layWatchedGround(
  booted: BootedLab,
  providers: ServedProviders | undefined,
  say: Ground["say"],
): Promise<WatchedGround> {
  const { lab } = booted;
  const options = { progress: say };
  const prometheusProgram = await findTool("prometheus", options);
  const exporter = path.join(lab.programs, exporterProgram);
  await fs.copyFile(await findPostgresExporter(options), exporter);
  await fs.chmod(exporter, 0o755);
  // A disk of its own, so that it can be full.
  await limitDisk(volumeOf({ lab }, "data"), "2g");
  const webhook = await Webhook.start();
  await writeSecret(lab.vault, noticesSecret, { url: webhook.url });
  const [port, movedPort] = (await freePorts(2)) as [number, number];
  const ground = await layGround(booted, providers, say, { port }, archiving);

  const moved = await move(ground, movedPort);
  say("deploying the monitoring");
  expectSuccess(await ground.deployment.deploy(["monitoring"]), "the deploy of the monitoring");
  const files = path.join(lab.directory, "monitoring");
  expectSuccess(await ground.deployment.pgmoor("monitoring", ["--folder", files], {}), "pgmoor monitoring");
  return {
    ...ground,
    moved,
    webhook,
    exporterPort: port,
    files,
    prometheus: await Prometheus.start(prometheusProgram, files, lab.directory),
    metrics: async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(20_000) });
      return answer.text();
    },
  };
}

/** A service is moved from its SQLite file. */
async function move({ lab, nomad, deployment, say }: Ground, port: number): Promise<SqliteService> {
  const service: SqliteService = {
    name: "vaultwarden",
    sample: "vaultwarden",
    port,
    volume: movedVolume,
    phase: "prepared",
    existing: ["job"],
    environment: {},
  };
  await sourceOf(service).seed(lab, service);
  await registerByHand(lab, nomad, service);
  await waitForAnswer(service, "source", 60);
  await deployment.add(service);
  for (const phase of ["prepared", "cutover"] as const) {
    await deployment.edit([service.name], { phase });
    expectSuccess(await deployment.deploy([service.name]), `the deploy of ${service.name} as ${phase}`);
  }
  await waitForAnswer(service, "server", 60);
  say(`${service.name} has moved`);
  return service;
}
