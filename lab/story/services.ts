/** The services of the lab's homelab, where they had their data, as jobs that somebody registered by hand long ago. */
import type { LabService } from "../deployment";
import { embeddedMajor } from "../servers/embedded";
import type { Lab } from "../servers/lab";
import { waitFor } from "../servers/wait";
import { embedded } from "./embedded-source";
import { handWrittenJob } from "./hand-written-job";
import type { NomadApi } from "./nomad-api";
import { sqlite, type SqliteService } from "./sqlite-source";
import type { LabSource } from "./lab-source";

/** A service that is on its source at the beginning. */
export type MovingService = SqliteService | (LabService & { readonly sample: "immich" });

export function sourceOf(service: MovingService): LabSource<MovingService> {
  return service.sample === "immich" ? embedded : sqlite;
}

/** Where a service has its data. */
export type Side = "source" | "server";

/** What a service says of its database. */
export interface Answer {
  readonly from: Side;
  readonly backend: string;
  readonly items: number;
}

/** What a sample program says at `/backend` while it is on its source; those that are not here never are. */
const sourceBackends: Partial<Record<LabService["sample"], string>> = {
  vaultwarden: "sqlite",
  "speedtest-tracker": "sqlite",
  immich: `postgresql ${embeddedMajor}`,
};

export async function ask({ port, sample }: Pick<LabService, "port" | "sample">): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/backend`, {
    signal: AbortSignal.timeout(2_000),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { backend, items } = (await response.json()) as Omit<Answer, "from">;
  return { from: backend === sourceBackends[sample] ? "source" : "server", backend, items };
}

export async function waitForAnswer(
  service: LabService,
  wanted: Side,
  deadlineSeconds: number,
): Promise<Answer> {
  return waitFor({ what: `${service.name} answers from its ${wanted}`, deadlineSeconds }, async () => {
    const found = await ask(service);
    return found.from === wanted && found;
  });
}

const collections = { vaultwarden: "items", "speedtest-tracker": "results", immich: "assets" } as const;

/** Adds a row by the service's own API. */
export async function addRow({ name, sample, port }: MovingService): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/${collections[sample]}`, { method: "POST" });
  if (!response.ok) throw new Error(`${name} takes no row: HTTP ${response.status}`);
}

/** Registers the job that a homelab has before pgmoor, on the service's source. */
export async function registerByHand(lab: Lab, nomad: NomadApi, service: MovingService): Promise<void> {
  await nomad.register(handWrittenJob(lab, service, sourceOf(service).job(lab, service)));
}
