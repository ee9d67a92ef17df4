import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { publish } from "../base/durable";
import type { Rescued } from "./ledger";
import { privateFolder } from "../sqlite/snapshot";
import { targetTables, type Reach } from "../server/target";

/**
 * Dumps every table of the app's, as compressed CSV with a header, before a copy replaces them: what the app wrote here
 * while the job was on the server is nowhere else.
 * @param snapshots folder of the backup volume.
 * @param attempt whose rows these are.
 * @param reach which tables.
 * @param leftAlone tables that are dumped too, but not to be emptied: without its record of migrations the app's image would
 * build everything anew.
 * @returns the folder, `rescued-attempt-N`, and the tables that may be emptied now.
 */
export async function rescue(
  client: Client,
  snapshots: string,
  attempt: number,
  reach: Reach,
  leftAlone: readonly string[],
): Promise<Rescued> {
  await privateFolder(snapshots);
  let folder = path.join(snapshots, `rescued-attempt-${attempt}`);
  for (let again = 2; fs.existsSync(folder); again++) {
    folder = path.join(snapshots, `rescued-attempt-${attempt}-${again}`);
  }
  const partial = `${folder}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  await privateFolder(partial);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    const tables = await targetTables(client, reach);
    for (const { schema, name, qualified } of tables) {
      const file = `${schema}.${name}`.replaceAll(/[^\w.-]/g, (character) =>
        encodeURIComponent(character).replace("/", "_"),
      );
      await pipeline(
        client.query(copyTo(`COPY (SELECT * FROM ${qualified}) TO STDOUT WITH (FORMAT csv, HEADER)`)),
        createGzip(),
        fs.createWriteStream(path.join(partial, `${file}.csv.gz`), { mode: 0o600, flags: "wx" }),
      );
    }
    await publish(partial, folder);
    const emptied = tables.filter(({ name }) => !leftAlone.includes(name));
    return { folder, tables: emptied.map(({ qualified }) => qualified) };
  } finally {
    await client.query("ROLLBACK").catch(() => undefined);
    fs.rmSync(partial, { recursive: true, force: true });
  }
}
