import type { ClientBase } from "pg";
import type { Checksum } from "./checksum";
import { Misfit, type Tally } from "./misfit";
import type { ColumnPlan, TablePlan } from "./plan";
import { printedByServer } from "./server-text";
import type { SourceRow, SqliteSource, Storage } from "./sqlite";

/** At most so many offending values are named at once. */
export const misfitLimit = 100;

const batchRows = 2000;
/** Characters of a batch after which it is sent, whatever its number of rows. */
const batchCharacters = 1 << 18;

/** A value that does not fit, by place and kind. */
export interface Offence {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  readonly kind: string;
}

/** What reading a table of the source comes to. */
export interface Reading extends Tally {
  /** Of all rows as they should read in the target. */
  readonly checksum: Checksum;
  readonly offences: Offence[];
}

interface PendingRow {
  readonly fields: (string | undefined)[];
  readonly row: SourceRow;
}

/**
 * Reads a table of the source and yields it as text for COPY, a batch at a time. Nothing is yielded any more once a value
 * has not fitted, but the rest is read, so that all that does not fit is known at once.
 *
 * @param helper a session in which the server reads values of types that we do not know.
 * @param reading filled on the way.
 */
export async function* copyText(
  source: SqliteSource,
  plan: TablePlan,
  helper: ClientBase,
  reading: Reading,
): AsyncGenerator<Buffer> {
  const { columns } = plan;
  let pending: PendingRow[] = [];
  let characters = 0;

  for (const row of source.rows(
    plan.source,
    columns.map((column) => column.source),
  )) {
    const fields = columns.map((column, index) => convert(column, index, row));
    pending.push({ fields, row });
    for (const field of fields) characters += field?.length ?? 0;
    if (pending.length >= batchRows || characters >= batchCharacters) {
      const text = await finish();
      if (text !== undefined) yield text;
      if (reading.offences.length >= misfitLimit) return;
    }
  }
  const text = await finish();
  if (text !== undefined) yield text;

  /** A field, or `undefined` for one that does not fit. */
  function convert({ target, converter }: ColumnPlan, index: number, row: SourceRow): string | undefined {
    const storage = row.storages[index] as Storage;
    const value = row.values[index] ?? null;
    if (value === null) {
      if (!target.notNull || target.generated) return "\\N";
      return offend(target.name, row, "NULL in a column that is NOT NULL");
    }
    try {
      return converter.convert(storage, value, reading);
    } catch (error) {
      if (error instanceof Misfit) return offend(target.name, row, error.kind);
      throw error;
    }
  }

  function offend(column: string, row: SourceRow, kind: string): undefined {
    if (reading.offences.length < misfitLimit) {
      reading.offences.push({ table: plan.source.name, column, row: row.key(), kind });
    }
    return undefined;
  }

  /** Closes a batch: what only the server can read is read, lines are made and hashed. */
  async function finish(): Promise<Buffer | undefined> {
    const batch = pending;
    pending = [];
    characters = 0;
    for (const [index, { target, converter }] of columns.entries()) {
      if (!converter.byServer) continue;
      const given = batch.map(({ fields }) => (fields[index] === "\\N" ? undefined : fields[index]));
      const printed = await printedByServer(helper, target, given);
      for (const [position, { fields, row }] of batch.entries()) {
        const outcome = printed[position];
        if (outcome === undefined) continue;
        fields[index] = outcome instanceof Misfit ? offend(target.name, row, outcome.kind) : outcome;
      }
    }
    if (reading.offences.length > 0 || batch.length === 0) return undefined;
    const sent = columns.map(({ target }) => !target.generated);
    const sendsAll = sent.every(Boolean);
    let text = "";
    for (const { fields } of batch) {
      const line = fields.join("\t");
      reading.checksum.add(line);
      text += `${sendsAll ? line : fields.filter((_, index) => sent[index]).join("\t")}\n`;
    }
    return Buffer.from(text);
  }
}
