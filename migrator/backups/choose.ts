/** Which backup is restored. */
import { Refused } from "../base/errors";
import type { Backing } from "./backup";
import { backupTag, marksOf, type Marks } from "./kept";
import { manifestFile, parseManifest, rowsOf, type DatabaseManifest, type Manifest } from "./manifest";
import type { Snapshot } from "./repository";
import { systemOf } from "./wal-folder";

export interface Chosen {
  readonly snapshot: Snapshot;
  readonly marks: Marks;
}

export interface Wanted {
  /** ISO 8601. The newest backup from which it can be reached. Default the newest backup. */
  readonly at?: string | undefined;
  /** A backup's own id. */
  readonly backup?: string | undefined;
  /** The one that is restored. Default all of them. */
  readonly database?: string | undefined;
}

type Source = Pick<Backing, "repository">;

/**
 * @throws Refused when there is no such backup, naming those that there are; or when it is not clear which server is meant: a
 * new and empty one may have been backed up before that which was lost was restored
 */
export async function choose(source: Source, wanted: Wanted): Promise<Chosen> {
  const fits = await fitting(source, wanted);
  const newest = fits.at(-1)!;
  const system = systemOf(newest.marks.wal.folder);
  const others = new Map(
    fits.flatMap((one) => {
      const its = systemOf(one.marks.wal.folder);
      return its === system ? [] : [[its, one]];
    }),
  );
  if (others.size === 0) return newest;
  const manifest = await manifestOf(source, newest);
  for (const other of others.values()) refuseLoss(await manifestOf(source, other), manifest, wanted.database);
  return newest;
}

/** The newest one of the server that was backed up last, whatever others there are. */
export async function chooseNewest(source: Source): Promise<Chosen> {
  return (await fitting(source, {})).at(-1)!;
}

/** At least one, the newest last. */
async function fitting({ repository }: Source, { at, backup }: Wanted): Promise<Chosen[]> {
  const listed = (await repository.list(backupTag)).flatMap((snapshot) => {
    const marks = marksOf(snapshot);
    return marks === undefined ? [] : [{ snapshot, marks }];
  });
  const all = inOrder(listed);
  const fits = all.filter(
    ({ marks }) =>
      (backup === undefined || marks.id === backup) &&
      (at === undefined || Date.parse(marks.reachableFrom) <= Date.parse(at)),
  );
  if (fits.length > 0) return fits;
  if (all.length === 0) throw new Refused(`there is no backup in ${repository.place}`);
  const range = `The oldest one reaches back to ${all[0]!.marks.reachableFrom}; the newest is ${all.at(-1)!.marks.id}`;
  throw new Refused(
    backup === undefined
      ? `no backup reaches ${at}. ${range}`
      : `there is no backup ${backup}${at === undefined ? "" : ` that reaches ${at}`}. ${range}`,
  );
}

/** Those of one server by their WAL, since a clock may have been wrong; the server that was backed up last comes last. */
function inOrder(listed: readonly Chosen[]): Chosen[] {
  const servers = new Map<string, Chosen[]>();
  for (const one of listed) {
    const system = systemOf(one.marks.wal.folder);
    const others = servers.get(system) ?? [];
    servers.delete(system);
    servers.set(system, [...others, one]);
  }
  const start = ({ marks }: Chosen) => marks.wal.start;
  return [...servers.values()].flatMap((its) =>
    its.sort((a, b) => (start(a) === start(b) ? 0 : start(a) < start(b) ? -1 : 1)),
  );
}

export async function manifestOf({ repository }: Source, { snapshot }: Chosen): Promise<Manifest> {
  return parseManifest(await repository.read(snapshot.id, manifestFile));
}

/** An app that starts on an empty database makes its tables, and a few rows. */
const share = 0.5;

/** @throws Refused when the newest backup, of one server, lacks rows that the newest of another server has */
function refuseLoss(other: Manifest, newest: Manifest, only: string | undefined): void {
  const lost = other.databases.flatMap((database) => {
    const { name } = database;
    const before = rowsOfServices(database);
    const found = newest.databases.find((one) => one.name === name);
    const now = found === undefined ? undefined : rowsOfServices(found);
    if ((only !== undefined && name !== only) || before === 0 || (now ?? 0) >= before * share) return [];
    return [`${name} (${before} rows, and ${now ?? "not there"} in the newest)`];
  });
  if (lost.length === 0) return;
  throw new Refused(
    `the repository has backups of two servers, and the newest one, ${newest.id}, lacks what ${other.id}, the newest of the other server, has: ${lost.slice(0, 5).join(", ")}. Say which one you mean: --backup ${other.id}, or --backup ${newest.id}. Nothing was restored`,
  );
}

/** pgmoor's own records are left out: every server has some. */
function rowsOfServices({ tables }: DatabaseManifest): number {
  const own = Object.entries(tables).filter(([name]) => !name.startsWith("pgmoor."));
  return rowsOf({ tables: Object.fromEntries(own) });
}
