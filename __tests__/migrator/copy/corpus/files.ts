import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import Libsql from "libsql";
import { writeSqlite } from "../../support";

/** A file that is more or less than a database, and what comes of its table `t (a)`. */
export interface FileCase {
  readonly name: string;
  readonly make: (file: string) => void;
  /** Number of rows. */
  readonly rows?: number;
  readonly refused?: RegExp;
}

const rows = (count: number, value = "i") =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO t SELECT ${value} FROM n`;
const table = `CREATE TABLE t (a); ${rows(5000)}`;

/** The journal of a transaction that was cut off in the middle. */
function tear(file: string): void {
  const live = `${file}.live`;
  writeSqlite(live, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  const database = new Libsql(live);
  // A cache of a few pages makes SQLite write into the file before the commit.
  database.exec("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 5; BEGIN");
  database.exec(rows(5000, "hex(randomblob(50))"));
  for (const suffix of ["", "-journal"]) fs.copyFileSync(live + suffix, file + suffix);
  database.exec("ROLLBACK");
  database.close();
  if (fs.statSync(file).size <= 8192) throw new Error("nothing was half written");
}

export const files: readonly FileCase[] = [
  { name: "an unmerged log", make: (file) => writeSqlite(file, table, rows(3)), rows: 5003 },
  {
    name: "an empty log",
    make: (file) => (writeSqlite(file, table), fs.writeFileSync(`${file}-wal`, "")),
    rows: 5000,
  },
  { name: "a hot journal", make: tear, rows: 1 },
  {
    name: "a link to the file",
    make: (file) => (writeSqlite(`${file}.real`, table, rows(2)), fs.symlinkSync(`${file}.real`, file)),
    rows: 5002,
  },
  { name: "no file", make: () => undefined, refused: /no such file/ },
  {
    name: "an empty file",
    make: (file) => fs.writeFileSync(file, ""),
    refused: /an empty file \(0 bytes\), not a database/,
  },
  {
    name: "an encrypted file, or none of SQLite's",
    make: (file) => fs.writeFileSync(file, randomBytes(8192)),
    refused: /not a SQLite database, or an encrypted one/,
  },
  {
    name: "a damaged file",
    make: (file) => {
      writeSqlite(file, table);
      const open = fs.openSync(file, "r+");
      fs.writeSync(open, randomBytes(4096), 0, 4096, 3 * 4096);
      fs.closeSync(open);
    },
    refused: /damaged|cannot read/,
  },
  {
    name: "a file cut off",
    make: (file) => (writeSqlite(file, table), fs.truncateSync(file, 5 * 4096)),
    refused: /damaged|cannot read/,
  },
  { name: "a folder in its place", make: (file) => fs.mkdirSync(file), refused: /not a file/ },
  {
    name: "a link out of what is mounted",
    make: (file) => fs.symlinkSync("/not/mounted/app.db", file),
    refused: /a link to \/not\/mounted\/app\.db/,
  },
];
