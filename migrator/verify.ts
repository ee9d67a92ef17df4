import type { ClientBase } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { Checksum } from "./checksum";
import { identifier } from "./connection";
import { Failed } from "./errors";
import type { TablePlan } from "./plan";
import type { Reading } from "./rows";
import type { SqliteSource } from "./sqlite";

const newline = 0x0a;

/** Reads a table back as the server prints it, and sums its rows in the form of the source's. */
export async function checksumOfTarget(client: ClientBase, plan: TablePlan): Promise<Checksum> {
  const checksum = new Checksum();
  for await (const line of linesOfTarget(client, plan)) checksum.add(line);
  return checksum;
}

/** The rows of a table in the form of the source's, without their newlines. */
export async function* linesOfTarget(
  client: ClientBase,
  { target, columns }: TablePlan,
): AsyncGenerator<Buffer> {
  const names = columns.map((column) => identifier(column.target.name)).join(", ");
  const reprints = columns.map(({ converter }) => converter.reprint);
  const reprinted = reprints.some((reprint) => reprint !== undefined);
  const inOurForm = (line: Buffer): Buffer => {
    if (!reprinted) return line;
    const fields = line.toString("utf8").split("\t");
    return Buffer.from(fields.map((field, index) => reprints[index]?.(field) ?? field).join("\t"));
  };
  // A row may be megabytes: its parts are joined once, at its end.
  let parts: Buffer[] = [];
  const stream = client.query(copyTo(`COPY (SELECT ${names} FROM ${target.qualified}) TO STDOUT`));
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const last = chunk.subarray(start, end);
      yield inOurForm(parts.length === 0 ? last : Buffer.concat([...parts, last]));
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
}

/**
 * Holds a table of the target against what the source gave, before the commit.
 * @throws Failed when rows are missing, too many or different.
 */
export async function verify(
  client: ClientBase,
  source: SqliteSource,
  plan: TablePlan,
  reading: Reading,
): Promise<void> {
  const found = await checksumOfTarget(client, plan);
  const expected = reading.checksum;
  // Counted by SQLite itself: a row that was never read is missing from our own sum as well.
  const count = source.count(plan.source) - reading.leftBehind.length;
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
      `table ${plan.target.name}: the target holds ${found.rows} rows as it should, but not the values of the source` +
        (byServer.length > 0
          ? `; look first at ${byServer.join(", ")}, whose types the server converts`
          : ""),
    );
  }
}
