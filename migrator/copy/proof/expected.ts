/** What the rows of a table have to be in the target, by the source and the declared rules. */
import type { ClientBase } from "pg";
import type { ColumnRule } from "../../../services/rules";
import type { ColumnPlan, TablePlan } from "../copy-plan";
import type { SqliteDatabase } from "../../sqlite/sqlite-database";
import type { Raw, Storage } from "../../sqlite/storage";
import { readByServer } from "./by-server";
import { hashedIfLarge, largeForm } from "./large-form";
import type { Asked, Form } from "./form";
import { meaningIn } from "./meaning";
import { NoMeaning } from "./no-meaning";
import { isLarge, type Large, type Scan, sourceRows } from "./source-rows";

export interface ExpectedRow {
  readonly forms: readonly (Form | null)[];
  readonly key: () => string;
}

/** A value that is not as it should be. It is never shown. */
export interface Difference {
  readonly row: string;
  readonly column: string;
  readonly why: string;
}

/** What a batch has at the most. With more, V8 would take what is used once for something that lasts. */
const [batchRows, batchValues, batchBytes] = [500, 5000, 1 << 20];

type Pending = Form | null | Asked | NoMeaning;

/** Rows whose values PostgreSQL may still have to read. */
type Batch = { readonly forms: Pending[]; readonly key: () => string }[];

interface Column {
  readonly plan: ColumnPlan;
  readonly read: (storage: Storage, value: Raw | Large) => Form | null | Asked;
  readonly constant: Form | Asked | undefined;
  readonly skips: boolean;
}

const isAsked = (value: Pending | undefined): value is Asked =>
  typeof value === "object" && value !== null && "ask" in value;

function columnOf(
  plan: ColumnPlan,
  encoding: SqliteDatabase["encoding"],
  rules: readonly ColumnRule[],
): Column {
  const { target } = plan;
  const of = <K extends ColumnRule["kind"]>(kind: K) =>
    rules.find((rule): rule is Extract<ColumnRule, { kind: K }> => rule.kind === kind);
  const cast = of("cast")?.as;
  const meaning = meaningIn(target, encoding, cast);
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  const nulls = of("null-if")?.values ?? [];
  const standsForNull = (storage: Storage, value: Raw) =>
    nulls.some((one) => {
      if (typeof one === "string") return storage === "t" && decoder.decode(value as Buffer) === one;
      return storage === "i"
        ? Number.isInteger(one) && BigInt(one) === value
        : storage === "r" && one === value;
    });
  const compared = (form: Form | Asked) => (isAsked(form) ? form : hashedIfLarge(target, form));
  const constant = of("default")?.value;
  return {
    plan,
    skips: of("skip-row") !== undefined,
    constant: constant === undefined ? undefined : constantForm(target, constant),
    read: (storage, value) => {
      if (isLarge(value)) return compared(largeForm(target, encoding, cast, storage, value));
      if (value === null || standsForNull(storage, value)) {
        if (target.notNull && !target.generated) throw new NoMeaning("NULL in a NOT NULL column");
        return null;
      }
      return compared(meaning(storage, value));
    },
  };
}

function constantForm(target: ColumnPlan["target"], value: string | number | boolean): Form | Asked {
  const meaning = meaningIn(target, "UTF-8", undefined);
  if (typeof value === "string") return meaning("t", Buffer.from(value));
  const number = Number(value);
  return Number.isSafeInteger(number) ? meaning("i", BigInt(number)) : meaning("r", number);
}

function formOf({ read }: Column, storage: Storage, value: Raw | Large): Pending {
  try {
    return read(storage, value);
  } catch (error) {
    if (error instanceof NoMeaning) return error;
    throw error;
  }
}

/**
 * Yields the rows in batches; rows that a rule leaves behind are not among them.
 * @param helper a session in which PostgreSQL reads what only it can.
 * @param scan of the rows.
 * @param differ told of every value that no rule lets pass.
 */
export async function* expectedRows(
  source: SqliteDatabase,
  plan: TablePlan,
  rules: readonly ColumnRule[],
  helper: ClientBase,
  scan: Scan,
  differ: (difference: Difference) => void,
): AsyncGenerator<ExpectedRow[]> {
  const columns = plan.columns.map((column) =>
    columnOf(
      column,
      source.encoding,
      rules.filter((rule) => rule.table === plan.source.name && rule.column === column.source),
    ),
  );
  const most = Math.min(batchRows, Math.ceil(batchValues / columns.length));
  let batch: Batch = [];
  let bytes = 0;
  for await (const rows of sourceRows(source, plan, scan))
    for (const { storages, values, key } of rows) {
      const pending: Pending[] = [];
      for (let index = 0; index < columns.length; index++)
        pending.push(formOf(columns[index]!, storages[index] as Storage, values[index] ?? null));
      batch.push({ forms: pending, key });
      for (const form of pending) if (Buffer.isBuffer(form)) bytes += form.length;
      if (batch.length >= most || bytes >= batchBytes) {
        yield await finished();
        batch = [];
        bytes = 0;
      }
    }
  if (batch.length > 0) yield await finished();

  async function finished(): Promise<ExpectedRow[]> {
    await resolve();
    if (columns.some(({ constant }) => constant !== undefined)) {
      for (const { forms } of batch)
        for (const [index, form] of forms.entries()) {
          const { constant } = columns[index]!;
          if (form instanceof NoMeaning && constant !== undefined) forms[index] = constant;
        }
      await resolve();
    }
    return batch.filter(isWhole);
  }

  /** Whether every value of a row means something; tells of those that do not. */
  function isWhole(row: Batch[number]): row is ExpectedRow & Batch[number] {
    if (!row.forms.some((form) => form instanceof NoMeaning)) return true;
    const wrong = row.forms.flatMap((form, index) =>
      form instanceof NoMeaning ? [{ form, column: columns[index]! }] : [],
    );
    if (wrong.some(({ column }) => column.skips)) return false;
    for (const { form, column } of wrong)
      differ({ row: row.key(), column: column.plan.target.name, why: form.message });
    return false;
  }

  /** Has PostgreSQL read what only it can, column by column. */
  async function resolve(): Promise<void> {
    for (const [index, { plan: column }] of columns.entries()) {
      const asked = batch.filter(({ forms }) => isAsked(forms[index]));
      if (asked.length === 0) continue;
      const texts = asked.map(({ forms }) => (forms[index] as Asked).ask);
      const read = await readByServer(helper, column.target, texts);
      for (const [place, { forms }] of asked.entries()) {
        forms[index] =
          read[place] ?? new NoMeaning(`text that PostgreSQL cannot parse as ${column.target.described}`);
      }
    }
  }
}
