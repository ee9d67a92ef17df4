/**
 * Times the copy of a SQLite file to PostgreSQL, verification included, against two others on the same server in the same
 * run: for every kind of data, or those that the arguments name, or for so many heartbeats as they say. A line of JSON for
 * each, the median of three up to a million rows.
 *
 * - pgloader, data only: no transaction around it, nothing verified. `vsPgloader` is how many times longer it takes.
 * - The limit, what PostgreSQL itself takes for these rows: COPY of a file that lies ready, all keys and indexes dropped
 *   before and made again after, in one transaction. Nothing is read, converted or verified. `vsLimit` is how many times as
 *   long we take.
 *
 * Ours is the bundle in a process of its own, as a job runs it. Snapshot and integrity check are apart, as neither of the
 * others has them; so is the time in which the app builds its schema. The proof begins to read its sample in that time, and
 * ends with it: no longer is waited than the app takes.
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { onInterrupt } from "../lab/servers/cleanup";
import { startPostgres } from "../lab/servers/postgres";
import { buildMigrator } from "../migrator/image/build";
import { dropDatabases, limit, ours, pgloader, type Place } from "./migrate-contenders";
import { dumpAndRestore, makeEmbedded, oursEmbedded } from "./migrate-embedded";
import { type Kind, kinds, writeSource } from "./migrate-kinds";

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const rounded = (value: number) => Number(value.toFixed(2));

/** A kind of SQLite file, or a service's own PostgreSQL. */
type Task = { readonly kind: Kind; readonly rows: number } | "embedded";

const embeddedRows = 2_000_000;

const timed = (value: number | undefined) => (value === undefined ? "-" : `${value.toFixed(2)} s`);

/** A service's own PostgreSQL. The limit is `pg_dump | pg_restore`; pgloader is no peer, as it makes no copy of a whole database. */
async function embeddedLine(place: Place, bundle: string): Promise<string> {
  const source = await makeEmbedded(place, embeddedRows);
  const times = { ours: [] as number[], limit: [] as number[] };
  let mib = 0;
  for (let round = 0; round < 3; round++) {
    const own = await oursEmbedded(place, bundle, source);
    times.ours.push(own.seconds);
    mib = Math.max(mib, own.mib);
    times.limit.push(await dumpAndRestore(place, source));
    console.log(
      `embedded, ${embeddedRows} rows: ours ${timed(own.seconds)} (and ${timed(own.apart)} for the snapshot), ` +
        `pg_dump | pg_restore ${timed(times.limit.at(-1))}`,
    );
  }
  await fs.rm(source.directory, { recursive: true });
  const seconds = median(times.ours);
  return JSON.stringify({
    ...{ kind: "embedded", rows: embeddedRows, seconds: rounded(seconds), vsPgloader: null },
    ...{ vsLimit: rounded(seconds / median(times.limit)), mib: Math.round(mib) },
  });
}

async function line(place: Place, bundle: string, task: Task): Promise<string> {
  if (task === "embedded") return embeddedLine(place, bundle);
  const { kind, rows } = task;
  const source = path.join(place.folder, `${kind.name}.db`);
  writeSource(source, kind, rows);
  const times = { ours: [] as number[], limit: [] as number[], pgloader: [] as number[] };
  let mib = 0;
  for (let round = 0; round < (rows > 1_000_000 ? 1 : 3); round++) {
    const own = await ours(place, bundle, kind, source);
    times.ours.push(own.seconds);
    mib = Math.max(mib, own.mib);
    times.limit.push(await limit(place, kind, own.database));
    const other = kind.noPgloader === undefined ? await pgloader(place, kind, source, rows) : undefined;
    if (other !== undefined) times.pgloader.push(other);
    console.log(
      `${kind.name}, ${rows} rows: ours ${timed(own.seconds)} (and ${timed(own.apart)} for snapshot and checks), ` +
        `limit ${timed(times.limit.at(-1))}, pgloader ${timed(other)}`,
    );
  }
  await fs.rm(source);
  if (kind.noPgloader !== undefined) console.log(`pgloader cannot move ${kind.name}: ${kind.noPgloader}`);
  else if (times.pgloader.length === 0) console.log("pgloader is not installed: apt-get install pgloader");
  const seconds = median(times.ours);
  return JSON.stringify({
    kind: kind.name,
    rows,
    seconds: rounded(seconds),
    vsPgloader: times.pgloader.length === 0 ? null : rounded(median(times.pgloader) / seconds),
    vsLimit: rounded(seconds / median(times.limit)),
    mib: Math.round(mib),
  });
}

/** @throws Error for what is no kind and no number of rows */
function tasksOf(given: readonly string[]): Task[] {
  if (given.length === 0) return [...kinds.map((kind) => ({ kind, rows: kind.rows })), "embedded"];
  return given.map((word) => {
    if (word === "embedded") return word;
    const [named, heartbeat] = [kinds.find(({ name }) => name === word), kinds[0]!];
    if (named !== undefined) return { kind: named, rows: named.rows };
    if (/^[1-9]\d*$/.test(word)) return { kind: heartbeat, rows: Number(word) };
    const names = [...kinds.map(({ name }) => name), "embedded"].join(", ");
    throw new Error(
      `npm run bench:migrate [-- KIND|ROWS...]: kinds are ${names}; ROWS is a number of heartbeats, as 1000000`,
    );
  });
}

async function main(): Promise<void> {
  const tasks = tasksOf(process.argv.slice(2));
  const folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-bench-"));
  const remove = () => fs.rm(folder, { recursive: true, force: true });
  const takeBack = onInterrupt(remove);
  try {
    await fs.chmod(folder, 0o755);
    const bundle = path.join(folder, "pgmoor-migrator.cjs");
    await buildMigrator(bundle);
    const password = randomBytes(18).toString("hex");
    const server = await startPostgres({ directory: path.join(folder, "server"), password });
    try {
      const place = { server, password, folder };
      for (const task of tasks) {
        console.log(await line(place, bundle, task));
        await dropDatabases(place);
      }
    } finally {
      await server.stop();
    }
  } finally {
    await remove();
    takeBack();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
