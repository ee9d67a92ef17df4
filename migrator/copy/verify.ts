import type { ClientBase } from "pg";
import { Checksum } from "./checksum";
import { identifier } from "../base/quoting";
import { copyOut, copyOutMessages } from "../server/copy-out";
import { Failed } from "../base/errors";
import { binaryCopy, binaryRows } from "./proof/binary-rows";
import { binaryHeader, rowForm, type RowForm } from "./row-form";
import type { TablePlan } from "./copy-plan";
import type { TableSum } from "./rows";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import { Tuples } from "../values/transcode";

const newline = 0x0a;

/**
 * Reads a table back, and sums its rows.
 * @param form of COPY. Default the one that the table's rows go over in.
 */
export async function checksumOfTarget(
  client: ClientBase,
  plan: TablePlan,
  form: RowForm = rowForm(plan),
): Promise<Checksum> {
  if (form === "binary") return await checksumOfTuples(client, plan);
  if (plan.columns.every(({ converter }) => converter.reprint === undefined)) {
    const checksum = new Checksum();
    const rows = await copyOutMessages(client, printed(plan), (bytes, start, end, isEnd) =>
      checksum.addPart(bytes, start, isEnd && bytes[end - 1] === newline ? end - 1 : end, isEnd),
    );
    if (checksum.rows === rows) return checksum;
    // A message was not a row, as PostgreSQL may have it one day.
  }
  const checksum = new Checksum();
  for await (const lines of linesOfTarget(client, plan)) checksum.addLines(lines);
  return checksum;
}

/** In COPY's binary form, byte by byte as they were sent. */
async function checksumOfTuples(client: ClientBase, plan: TablePlan): Promise<Checksum> {
  const checksum = new Checksum();
  const sql = binaryCopy(selected(plan));
  let isFirst = true;
  // A header lies before the first row, and an end of two bytes, which is no number of fields, behind the last.
  const rows = await copyOutMessages(client, sql, (bytes, start, end, isEnd) => {
    const at = isFirst ? start + binaryHeader.length : start;
    isFirst = false;
    if (!(isEnd && end - at === 2 && bytes.readInt16BE(at) === -1)) checksum.addPart(bytes, at, end, isEnd);
  });
  if (checksum.rows === rows) return checksum;
  // A message was not a row, as PostgreSQL may have it one day.
  const again = new Checksum();
  const whole = plan.columns.map(
    () => (bytes: Buffer, start: number, end: number) => bytes.subarray(start, end),
  );
  const tuples = new Tuples();
  for await (const some of binaryRows(copyOut(client, sql), whole))
    for (const fields of some) {
      tuples.reset();
      tuples.begin(fields.length);
      for (const field of fields) tuples.addBytes(field);
      again.addTuples(tuples.bytes());
    }
  return again;
}

function selected({ target, columns }: TablePlan): string {
  const names = columns.map((column) => identifier(column.target.name)).join(", ");
  return `SELECT ${names} FROM ${target.ownRows}`;
}

/** SQL for the rows of a table as the server prints them. */
const printed = (plan: TablePlan) => `COPY (${selected(plan)}) TO STDOUT`;

/** The rows of a table in the form of the source's: many lines at a time, the last of which may go on in the next. */
export async function* linesOfTarget(client: ClientBase, plan: TablePlan): AsyncGenerator<Buffer> {
  const reprints = plan.columns.map(({ converter }) => converter.reprint);
  const reprinted = reprints.some((reprint) => reprint !== undefined);
  const inOurForm = (lines: Buffer): Buffer => {
    const rows = lines.toString("utf8").slice(0, -1).split("\n");
    const own = (row: string) =>
      row
        .split("\t")
        .map((field, index) => reprints[index]?.(field) ?? field)
        .join("\t");
    return Buffer.from(rows.map((row) => `${own(row)}\n`).join(""));
  };
  const rows = copyOut(client, printed(plan));
  // A row may be megabytes: its parts are joined once, at its end, and only if they have to be.
  let parts: Buffer[] = [];
  for await (const chunk of rows) {
    if (!reprinted) {
      yield chunk;
      continue;
    }
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      const lines = chunk.subarray(0, end);
      yield inOurForm(parts.length === 0 ? lines : Buffer.concat([...parts, lines]));
      parts = [];
    }
    if (end < chunk.length) parts.push(chunk.subarray(end));
  }
}

/**
 * Holds a table of the target against what the source gave, before the commit.
 * @throws Failed when rows are missing, too many or different.
 */
export async function verify(
  client: ClientBase,
  source: SqliteDatabase,
  plan: TablePlan,
  tableSum: TableSum,
): Promise<void> {
  const found = await checksumOfTarget(client, plan);
  const expected = tableSum.checksum;
  // Counted by SQLite itself: a row that was never read is missing from our own sum as well.
  const count = source.count(plan.source) - tableSum.leftBehind.length;
  if (found.rows !== count || expected.rows !== count) {
    throw new Failed(
      `table ${plan.target.name}: ${count} rows in the source, ${expected.rows} read, ${found.rows} in the target`,
    );
  }
  if (found.toString() !== expected.toString()) {
    const byServer = plan.columns
      .filter(({ converter }) => converter.byServer)
      .map(({ target }) => target.name);
    throw new Failed(
      `table ${plan.target.name}: checksum mismatch: the target has all ${found.rows} rows, but with other values than the source` +
        (byServer.length > 0 ? `; check ${byServer.join(", ")} first, whose types the server converts` : ""),
    );
  }
}
