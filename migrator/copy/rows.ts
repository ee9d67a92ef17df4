import type { ClientBase } from "pg";
import { Checksum } from "./checksum";
import { nullMisfit } from "../values/convert";
import { Refused } from "../base/errors";
import { Misfit, type Tally } from "../values/misfit";
import { lineOf, tooLong, tupleOf, type Field } from "./large-line";
import { isStored, type Value } from "./large-rows";
import { misfitLimit, type Offence } from "./offences";
import { pages, type Page } from "./pages";
import type { ColumnPlan, TablePlan } from "./copy-plan";
import { RowCounts, type Span } from "./row-counts";
import type { RowForm } from "./row-form";
import { Tuples } from "../values/transcode";
import { leftBehind } from "../values/column-rules";
import { printedByServer } from "../values/server-text";
import type { SourceRow, SqliteDatabase } from "../sqlite/sqlite-database";
import type { Storage } from "../sqlite/storage";

const batchRows = 2000;
/** Characters of a batch after which it is sent, whatever its number of rows. */
const batchCharacters = 1 << 18;

/** What reading a table of the source comes to. */
export interface TableSum extends Tally {
  /** Of all rows as they should read in the target. */
  readonly checksum: Checksum;
  readonly offences: Offence[];
  /** Places of the rows that a rule left behind, the first of the table being 1. */
  readonly leftBehind: number[];
}

/** @param offences shared by the tables that are read for one report. */
export function newTableSum(offences: Offence[] = []): TableSum {
  return { roundedFractions: 0, assumedUtc: 0, checksum: new Checksum(), offences, leftBehind: [] };
}

interface PendingRow {
  readonly fields: (Field | undefined)[];
  readonly row: SourceRow<Value>;
  /** What does not fit in it; nobody asks for it if a rule leaves the row behind. */
  readonly offences: Offence[];
  /** What it is counted for; taken back if a rule leaves the row behind. */
  readonly spans: Span[];
  left: boolean;
}

/**
 * Reads a table of the source and yields it for COPY, a batch of rows at a time, or a piece of a long row. Nothing is yielded
 * any more once a value has not fitted, but the rest is read, so that all that does not fit is known at once.
 *
 * @param helper a session in which the server reads values of types that we do not know.
 * @param tableSum filled on the way.
 * @param form `binary` only where `rowForm` says so.
 */
export async function* copyRows(
  source: SqliteDatabase,
  plan: TablePlan,
  helper: ClientBase,
  tableSum: TableSum,
  form: RowForm,
): AsyncGenerator<Buffer> {
  const { columns } = plan;
  const counts = new RowCounts(
    columns.flatMap(({ converter }) => converter.rules ?? []),
    tableSum,
  );
  const tuples = new Tuples();
  let pending: PendingRow[] = [];
  let characters = 0;
  let place = 0;

  for (const page of pages(source, plan, form)) {
    if (page.tuples === undefined) {
      yield* converted(page);
      if (tableSum.offences.length >= misfitLimit) return;
    } else if (tableSum.offences.length === 0) {
      const { checksum } = tableSum;
      const before = checksum.rows;
      checksum.addTuples(page.tuples);
      tableSum.assumedUtc += page.tally.assumedUtc;
      tableSum.roundedFractions += page.tally.roundedFractions;
      place += checksum.rows - before;
      yield page.tuples;
    }
  }

  /** A page with a value that is not of the usual kind, row by row. */
  async function* converted(page: Page): AsyncGenerator<Buffer> {
    for (const row of page.rows()) {
      const one: PendingRow = { fields: [], row, offences: [], spans: [], left: false };
      counts.during(one.spans, () => {
        for (const [index, column] of columns.entries()) one.fields.push(convert(column, index, one));
      });
      for (const field of one.fields) if (typeof field === "string") characters += field.length;
      pending.push(one);
      if (pending.length >= batchRows || characters >= batchCharacters) {
        yield* await finish();
        if (tableSum.offences.length >= misfitLimit) return;
      }
    }
    yield* await finish();
  }

  /** A field, or `undefined` for one that does not fit. */
  function convert(column: ColumnPlan, index: number, one: PendingRow): Field | undefined {
    const { target, converter } = column;
    const storage = one.row.storages[index] as Storage;
    const value = one.row.values[index] ?? null;
    if (value === null) {
      if (!target.notNull || target.generated) return "\\N";
      return replace(column, one, nullMisfit());
    }
    try {
      return isStored(value) ? converter.large.convert(value) : converter.convert(storage, value, tableSum);
    } catch (error) {
      if (error instanceof Misfit) return replace(column, one, error);
      throw error;
    }
  }

  /** What the column's rules put in the place of a value that does not fit; without one it is an offence. */
  function replace(
    { source: name, converter }: ColumnPlan,
    one: PendingRow,
    misfit: Misfit,
  ): string | undefined {
    const instead = converter.instead?.();
    if (typeof instead === "string") return instead;
    if (instead === leftBehind) one.left = true;
    else {
      const { kind, help } = misfit;
      one.offences.push({ table: plan.source.name, column: name, row: one.row.key(), kind, help });
    }
    return undefined;
  }

  /** Closes a batch: what only the server can read is read, rows are made and hashed. */
  async function finish(): Promise<Iterable<Buffer>> {
    const batch = pending;
    pending = [];
    characters = 0;
    for (const [index, column] of columns.entries()) {
      if (!column.converter.byServer) continue;
      // No type that the server has to read has fields in pieces.
      const given = batch.map(({ fields }) => fields[index] as string | undefined);
      const printed = await print(column, given);
      for (const [position, outcome] of printed.entries()) {
        const one = batch[position];
        if (one === undefined || outcome === undefined) continue;
        if (!(outcome instanceof Misfit)) one.fields[index] = outcome;
        else {
          const constant = counts.during(one.spans, () => replace(column, one, outcome));
          const [again] = constant === undefined ? [] : await print(column, [constant]);
          if (again instanceof Misfit) throw constantRefused(plan, column, again);
          one.fields[index] = again;
        }
      }
    }
    if (batch[0] !== undefined && isLong(batch[0])) shorten(batch[0]);
    const kept = batch.filter((one) => {
      place++;
      if (one.left) {
        tableSum.leftBehind.push(place);
        counts.takeBack(one.spans);
      } else tableSum.offences.push(...one.offences.slice(0, misfitLimit - tableSum.offences.length));
      return !one.left;
    });
    if (tableSum.offences.length > 0 || kept.length === 0) return [];
    return form === "binary" ? inBinary(kept) : inText(kept);
  }

  function inBinary(kept: readonly PendingRow[]): Iterable<Buffer> {
    const transcoders = columns.map(({ converter }) => converter.fastPath!);
    if (isLong(kept[0]!)) return tupleOf(transcoders, kept[0]!.fields as Field[], tableSum.checksum);
    tuples.reset();
    for (const { fields } of kept as readonly { fields: string[] }[]) tuples.add(transcoders, fields);
    const bytes = tuples.bytes();
    tableSum.checksum.addTuples(bytes);
    return [bytes];
  }

  function inText(kept: readonly PendingRow[]): Iterable<Buffer> {
    const sent = columns.map(({ target }) => !target.generated);
    if (isLong(kept[0]!)) return lineOf(kept[0]!.fields as Field[], sent, tableSum.checksum);
    const sendsAll = sent.every(Boolean);
    let text = "";
    for (const { fields } of kept as readonly { fields: string[] }[]) {
      const line = fields.join("\t");
      tableSum.checksum.add(line);
      text += `${sendsAll ? line : fields.filter((_, index) => sent[index]).join("\t")}\n`;
    }
    return [Buffer.from(text)];
  }

  /** A line that is too long does not fit for its largest field. */
  function shorten(one: PendingRow): void {
    while (!one.fields.includes(undefined)) {
      const index = tooLong(one.fields as Field[]);
      if (index === undefined) return;
      const kind = "value that makes its row longer than PostgreSQL's limit of 1 GiB";
      one.fields[index] = counts.during(one.spans, () => replace(columns[index]!, one, new Misfit(kind)));
    }
  }

  /** A row with a field in pieces. It is a batch of its own, as it was a page. */
  function isLong({ fields }: PendingRow): boolean {
    return fields.some((field) => typeof field === "object");
  }

  function print({ target }: ColumnPlan, fields: readonly (string | undefined)[]) {
    return printedByServer(
      helper,
      target,
      fields.map((field) => (field === "\\N" ? undefined : field)),
    );
  }
}

function constantRefused({ source }: TablePlan, column: ColumnPlan, { kind }: Misfit): Refused {
  return new Refused(
    `the rule default for ${source.name}.${column.source}: its value does not convert: ${kind}`,
  );
}
