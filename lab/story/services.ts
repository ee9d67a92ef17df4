/** The services of the lab's homelab, on SQLite with data, as jobs that somebody registered by hand long ago. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LabService } from "../deployment";
import type { Lab } from "../servers/lab";
import { waitFor } from "../servers/wait";
import { handWrittenJob } from "./hand-written-job";
import type { NomadApi } from "./nomad-api";
import { seedSpeedtest, seedVaultwarden } from "../samples/seed";

/** A service that is on SQLite at the beginning. */
export type MovingService = LabService & { readonly sample: "vaultwarden" | "speedtest-tracker" };

/** What every sample program answers at `/backend`. */
export interface Backend {
  readonly backend: "sqlite" | "postgresql";
  readonly items: number;
}

export async function backend(service: Pick<LabService, "port">): Promise<Backend> {
  const response = await fetch(`http://127.0.0.1:${service.port}/backend`, {
    signal: AbortSignal.timeout(2_000),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()) as Backend;
}

export async function waitForBackend(
  service: LabService,
  wanted: Backend["backend"],
  deadlineSeconds: number,
): Promise<Backend> {
  return waitFor({ what: `${service.name} answers from ${wanted}`, deadlineSeconds }, async () => {
    const found = await backend(service);
    return found.backend === wanted && found;
  });
}

/** Adds a row by the service's own API. */
export async function addRow(service: MovingService): Promise<void> {
  const collection = service.sample === "vaultwarden" ? "items" : "results";
  const response = await fetch(`http://127.0.0.1:${service.port}/${collection}`, { method: "POST" });
  if (!response.ok) throw new Error(`${service.name} takes no row: HTTP ${response.status}`);
}

/** A service's SQLite file, as the host sees it. */
export function sourceFile(lab: Lab, service: MovingService): string {
  return path.join(lab.volumes[service.volume]!, sourceName[service.sample]);
}

export const sourceName = { vaultwarden: "db.sqlite3", "speedtest-tracker": "database.sqlite" } as const;
const mountPoint = { vaultwarden: "/data", "speedtest-tracker": "/config" } as const;

/** The user of the exec driver's tasks. */
const nobody = 65534;

/** Gives the files of a volume to the user that tasks run as. */
export async function handOver(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) await fs.chown(path.join(folder, name), nobody, nobody);
}

/** Registers the job that a homelab has before pgmoor, on SQLite. */
export async function registerByHand(lab: Lab, nomad: NomadApi, service: MovingService): Promise<void> {
  const { sample, port, volume } = service;
  const data = mountPoint[sample];
  const file = `${data}/${sourceName[sample]}`;
  const environments: Record<MovingService["sample"], Record<string, string>> = {
    vaultwarden: {
      DATABASE_URL: file,
      ROCKET_ADDRESS: "127.0.0.1",
      ROCKET_PORT: String(port),
      DATA_FOLDER: data,
    },
    "speedtest-tracker": {
      DB_CONNECTION: "sqlite",
      DB_DATABASE: file,
      PORT: String(port),
      APP_KEY: "typed-in-by-hand",
    },
  };
  await nomad.register(
    handWrittenJob(lab, service, {
      program: sample,
      health: sample === "vaultwarden" ? "/alive" : "/admin/login",
      volumes: [{ volume, destination: data }],
      environment: { ...environments[sample], ...service.environment },
    }),
  );
}

const seeds = { vaultwarden: seedVaultwarden, "speedtest-tracker": seedSpeedtest };

/** Puts a SQLite database with data into the service's volume: the real program's where it is there, else one of ours. */
export async function seedService(lab: Lab, service: MovingService, realSample: string): Promise<void> {
  const file = sourceFile(lab, service);
  if (service.name === "vaultwarden-real")
    for (const suffix of ["", "-wal"])
      await fs.copyFile(path.join(realSample, `db.sqlite3${suffix}`), file + suffix);
  else await seeds[service.sample](path.dirname(file));
  await handOver(path.dirname(file));
}
