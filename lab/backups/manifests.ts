/** The manifests of the backups, held against their dumps by another program: PostgreSQL's own `pg_restore` as a reader. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { expectThat } from "../story/expectations";
import type { Ground } from "./ground";
import { listed, restic } from "./repository";

const run = promisify(execFile);

interface Manifest {
  readonly databases: readonly {
    readonly name: string;
    readonly file: string;
    readonly tables: Readonly<Record<string, { readonly rows: number }>>;
  }[];
}

/** Every table of every backup has as many rows in its dump as its manifest says. */
export async function expectManifests(ground: Ground): Promise<void> {
  const folder = path.join(ground.lab.directory, "manifests");
  let tables = 0;
  const backups = await listed(ground, "backup");
  for (const { id } of backups) {
    await restic(ground, "restore", "--no-lock", "--quiet", id, "--target", folder, "--exclude", "/base");
    const manifest = JSON.parse(await fs.readFile(path.join(folder, "manifest.json"), "utf8")) as Manifest;
    for (const { name, file, tables: told } of manifest.databases) {
      const dumped = await rowsIn(ground, path.join(folder, file));
      const said = Object.fromEntries(Object.entries(told).map(([table, { rows }]) => [table, rows]));
      const apart = [...new Set([...Object.keys(said), ...Object.keys(dumped)])].filter(
        (table) => said[table] !== dumped[table],
      );
      expectThat(
        apart.length === 0,
        `${name} in ${id}: the manifest should have the rows that the dump has`,
        apart
          .map((table) => `${table}: ${said[table]} in the manifest, ${dumped[table]} in the dump`)
          .join("\n"),
      );
      tables += apart.length + Object.keys(said).length;
    }
    await fs.rm(folder, { recursive: true });
  }
  ground.say(
    `${tables} tables of ${backups.length} backups: pg_restore reads as many rows as the manifests say`,
  );
}

/** By table, as `pg_restore` prints them: one line for each row, from `COPY` to `\\.`. */
async function rowsIn({ lab }: Ground, dump: string): Promise<Record<string, number>> {
  const mount = lab.programMounts.find(({ destination }) => lab.embedded!.clients.startsWith(destination))!;
  const bin = path.join(mount.folder, path.relative(mount.destination, lab.embedded!.clients), "bin");
  const { stdout } = await run(path.join(bin, "pg_restore"), ["--data-only", "--file=-", dump], {
    env: { LC_ALL: "C" },
    maxBuffer: 1 << 28,
  });
  const rows: Record<string, number> = {};
  let table: string | undefined;
  for (const line of stdout.split("\n")) {
    const copied = /^COPY (\S+) \(/.exec(line)?.[1];
    if (table === undefined && copied !== undefined) rows[(table = copied)] = 0;
    else if (line === "\\.") table = undefined;
    else if (table !== undefined) rows[table]!++;
  }
  return rows;
}
