import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import Libsql from "libsql";
import { Random } from "./random";
import * as speedtest from "./speedtest-tracker/schema";
import * as vaultwarden from "./vaultwarden/schema";

/** The file's name in the volume, as the real programs have it. */
export const databaseFiles: Readonly<Record<"vaultwarden" | "speedtest-tracker", string>> = {
  vaultwarden: "db.sqlite3",
  "speedtest-tracker": "database.sqlite",
};

const start = Date.UTC(2025, 5, 1);

/**
 * Makes a vault of 300 items in the folder, the last 100 of them in the write-ahead log only, as a killed server leaves it. Same data
 * every time. The files belong to the folder's owner. Returns the database file.
 */
export function seedVaultwarden(folder: string): Promise<string> {
  return leaveUnmerged(path.join(folder, databaseFiles.vaultwarden), (database) => {
    const random = new Random(1);
    database.exec(vaultwarden.sqliteSchema);
    const users = ["Ana", "Björn", "李雷"].map((name, at) => {
      const values = [
        random.uuid(),
        nanoseconds(random, at),
        `user${at}@lab.test`,
        name,
        random.bytes(32),
        random.bytes(64),
      ];
      database
        .prepare(
          `INSERT INTO users (uuid, created_at, updated_at, email, name, password_hash, salt, password_iterations, akey)
           VALUES ($1, $2, $2, $3, $4, $5, $6, 600000, '2.AAAA==|AAAA==|AAAA=')`,
        )
        .run(...values);
      return values[0];
    });
    const insert = database.prepare(
      `INSERT INTO ciphers (uuid, created_at, updated_at, user_uuid, atype, name, notes, fields, data, deleted_at, reprompt)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    );
    const addItems = (from: number, to: number) => {
      database.exec("BEGIN");
      for (let at = from; at < to; at++) {
        const created = nanoseconds(random, at);
        const deleted = at % 50 === 49 ? nanoseconds(random, at) : null;
        const fields =
          at % 4 === 0 ? JSON.stringify([{ type: 0, name: "pin", value: notes(random, at) }]) : null;
        const data = JSON.stringify({
          username: `user${at}`,
          uris: [{ uri: `https://site-${at}.lab.test` }],
        });
        const values = [
          random.uuid(),
          created,
          nanoseconds(random, at),
          random.pick(users),
          random.between(1, 4),
        ];
        insert.run(
          ...values,
          `Item ${at}`,
          notes(random, at),
          fields,
          data,
          deleted,
          at % 7 === 0 ? 1 : null,
        );
      }
      database.exec("COMMIT");
    };
    addItems(0, 200);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    addItems(200, 300);
  });
}

/** Makes 10,000 results in the folder. Same data every time. The files belong to the folder's owner. Returns the database file. */
export function seedSpeedtest(folder: string): Promise<string> {
  return leaveUnmerged(path.join(folder, databaseFiles["speedtest-tracker"]), (database) => {
    const random = new Random(2);
    database.exec(speedtest.sqliteSchema);
    for (const migration of speedtest.migrations) {
      database.prepare("INSERT INTO migrations (migration, batch) VALUES ($1, 1)").run(migration);
    }
    database.exec(
      `INSERT INTO users (name, email, password, role, created_at, updated_at)
       VALUES ('Admin', 'admin@lab.test', 'not a hash', 'admin', '2025-06-01 00:00:00', '2025-06-01 00:00:00')`,
    );
    const insert = database.prepare(
      `INSERT INTO results (ping, download, upload, comments, data, status, scheduled, healthy, dispatched_by, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
    );
    database.exec("BEGIN");
    for (let at = 0; at < 10_000; at++) {
      const failed = at % 97 === 96;
      const ping = failed ? null : random.between(2000, 90_000) / 1000 + random.next() / 1000;
      const speeds = failed ? [null, null] : [random.between(1e6, 5e9), random.between(1e6, 1e9)];
      const data = JSON.stringify({
        ping: { latency: ping },
        server: { name: "Zürich ⚡", id: random.between(1, 1e5) },
      });
      const state = [
        failed ? "failed" : "completed",
        at % 10 === 0 ? 0 : 1,
        failed ? null : random.between(0, 1),
      ];
      const created = new Date(start + at * 3_600_000).toISOString().replace("T", " ").slice(0, 19);
      const comments = at % 500 === 0 ? notes(random, at) : null;
      insert.run(ping, ...speeds, comments, data, ...state, at % 10 === 0 ? 1 : null, created);
    }
    database.exec("COMMIT");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  });
}

/** Closing SQLite's last connection merges the log. So the files are copied away while it is open, and the originals thrown away. */
async function leaveUnmerged(target: string, fill: (database: Libsql.Database) => void): Promise<string> {
  const scratch = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-seed-"));
  try {
    const source = path.join(scratch, "database");
    const database = new Libsql(source);
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;");
      fill(database);
      const { uid, gid } = await fs.stat(path.dirname(target));
      for (const suffix of ["", "-wal"]) {
        await fs.copyFile(`${source}${suffix}`, `${target}${suffix}`, fs.constants.COPYFILE_EXCL);
        await fs.chown(`${target}${suffix}`, uid, gid);
      }
    } finally {
      database.close();
    }
  } finally {
    await fs.rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/** As Vaultwarden writes times: with nanoseconds, more than PostgreSQL keeps. */
function nanoseconds(random: Random, at: number): string {
  const seconds = new Date(start + at * 1_000_000).toISOString().replace("T", " ").slice(0, 19);
  return `${seconds}.${String(random.between(0, 999_999_999)).padStart(9, "0")}`;
}

/** Text of the kind that breaks a careless copy. */
function notes(random: Random, at: number): string | null {
  const kinds = [
    null,
    "",
    "tab\there, newline\nthere,\r\nand both",
    String.raw`back\slash, \N, \., C:\new\table`,
    "emoji 👩‍👩‍👧 🔐, combining é, right-to-left שלום, 漢字",
    "quote ' and \" and $$ and %s and ${HOME}",
    "\\.\n\\N\t\\",
    `long: ${"abcdefghij ".repeat(random.between(500, 2000))}`,
    ` spaces around ${at} `,
  ];
  return kinds[at % kinds.length]!;
}
