/** The main job: services that run on SQLite move to the server, with every row. */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { speedtestTracker } from "../../services/speedtest-tracker";
import { vaultwarden } from "../../services/vaultwarden";
import { migrationTableNames } from "../../services/rules";
import { asService, expectSuccess, expectThat, type Stage } from "./context";
import { proveEqual } from "./proof";
import type { MovedService } from "./report";
import { backend, sourceFile, sourceName, waitForBackend, type MovingService } from "./services";
import { watch } from "./watch";

/** Imports the jobs; makes secrets, roles, databases and identities. The services stay on SQLite. */
export async function prepare({ deployment, moving, spoilt, unwell }: Stage): Promise<void> {
  const services = [...moving, spoilt, unwell];
  const outcome = await deployment.deploy(services.map(({ name }) => name));
  expectSuccess(outcome, "the deploy of all services as `prepared`");
  for (const service of services) await waitForBackend(service, "sqlite", 20);
}

/** Moves them, watched; what the users saw of it is the downtime. */
export async function cutOver(stage: Stage): Promise<ReadonlyMap<string, number>> {
  const { deployment, moving, say } = stage;
  const names = moving.map(({ name }) => name);
  await deployment.edit(names, { phase: "cutover" });
  const watches = moving.map((service) => ({ service, watch: watch(service) }));
  const outcome = await deployment.deploy(names);
  const downtimes = new Map<string, number>();
  if (outcome.succeeded)
    for (const { service, watch } of watches) downtimes.set(service.name, await watch.stop());
  else await Promise.allSettled(watches.map(({ watch }) => watch.stop()));
  expectSuccess(outcome, "the deploy of the services as `cutover`");
  for (const [name, seconds] of downtimes)
    say(`${name}: ${seconds.toFixed(1)} s between its last answer from SQLite and its first from PostgreSQL`);
  return downtimes;
}

/** Waits until they answer from the server, so that nothing else of the story makes their downtime longer. */
export async function haveMoved({ moving }: Stage): Promise<void> {
  for (const service of moving) await waitForBackend(service, "postgresql", 120);
}

/** Compares both sides, and the source with what it was. */
export async function proveMoved(
  stage: Stage,
  service: MovingService,
  downtimeSeconds: number,
): Promise<MovedService> {
  const { lab, say } = stage;
  const found = await backend(service);
  expectThat(
    found.backend === "postgresql",
    `${service.name} answers from ${found.backend}, not from PostgreSQL`,
  );
  const definition = { vaultwarden, "speedtest-tracker": speedtestTracker }[service.sample];
  const proof = await asService(lab, service, (client) =>
    proveEqual(sourceFile(lab, service), client, migrationTableNames(definition.source!.migrationTables)),
  );
  const bytes = await proveUntouched(stage, service);
  for (const { table, rows, sha256 } of proof.tables)
    if (rows > 0) say(`${service.name}.${table}: ${rows} rows, sha256 ${sha256.slice(0, 16)} on both sides`);
  return {
    name: service.name,
    phase: "cutover",
    rows: proof.rows,
    bytes,
    tables: proof.tables.length,
    verified: true,
    downtimeSeconds,
  };
}

/** The source is bit for bit what the snapshot was taken of. Its size in bytes. */
async function proveUntouched({ lab }: Stage, service: MovingService): Promise<number> {
  const snapshots = path.join(lab.volumes.snapshots!, service.name);
  const attempts = (await fs.readdir(snapshots)).filter((name) => name.startsWith("attempt-")).sort();
  const snapshot = path.join(snapshots, attempts.at(-1)!, sourceName[service.sample]);
  let bytes = 0;
  for (const suffix of ["", "-wal"]) {
    const [source, copy] = await Promise.all([
      digest(sourceFile(lab, service) + suffix),
      digest(snapshot + suffix),
    ]);
    expectThat(
      source.sha256 === copy.sha256,
      `${service.name}: its old file${suffix} is not what the snapshot holds`,
    );
    bytes += source.bytes;
  }
  return bytes;
}

async function digest(file: string): Promise<{ sha256: string; bytes: number }> {
  const content = await fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  return { sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length };
}
