/** How an app writes every column, over the whole of its database. */
import type { Client } from "pg";
import type { Rule } from "../../services/rules";
import type { ColumnPlan, TablePlan } from "../copy/copy-plan";
import { linesOf } from "../copy/lines";
import { pages } from "../copy/pages";
import { copyRows, newTableSum } from "../copy/rows";
import { Refused } from "../base/errors";
import type { ConfinedDatabase } from "../sqlite/confined/database";
import type { SourceRow, SqliteDatabase } from "../sqlite/sqlite-database";
import type { Storage } from "../sqlite/storage";
import { printedByServer } from "../values/server-text";
import { converterFor } from "../values/convert";
import { Misfit } from "../values/misfit";
import type { Bound } from "../values/sqlite-forms";
import { Style, Unlearned } from "./style";

/** So many rows of a table are looked at before any is written. */
const sample = 2000;

export class Styles {
  private readonly styles = new Map<TablePlan, readonly Style[]>();
  /** Columns that cannot be written, with what is wrong. */
  private readonly unlearned = new Map<string, string>();

  private constructor() {}

  /**
   * Looks at the first rows of every table.
   * @param file the database, for how its columns are declared.
   * @throws Refused for an example that does not fit its column
   */
  static async learn(
    file: ConfinedDatabase,
    source: SqliteDatabase,
    helper: Client,
    plans: readonly TablePlan[],
    rules: readonly Rule[],
  ): Promise<Styles> {
    const styles = new Styles();
    const alike = new Map<string, Style[]>();
    for (const plan of plans) {
      const declared = declaredTypes(file, plan);
      const made = plan.columns.map((column) => {
        const own = rules.filter(
          (rule) => "column" in rule && rule.table === plan.source.name && rule.column === column.source,
        );
        const words = declared.get(column.source) ?? "";
        const kind = `${column.target.type} ${words}`;
        const siblings = alike.get(kind) ?? [];
        alike.set(kind, siblings);
        const style: Style = new Style(column, (text) => source.encode(text), {
          rules: own,
          siblings: () => siblings.filter((other) => other !== style),
          exact: exactOf(column, source.encoding, own),
          isText: /CHAR|CLOB|TEXT/.test(words) && !words.includes("INT"),
        });
        siblings.push(style);
        return style;
      });
      styles.styles.set(plan, made);
      for (const [index, column] of plan.columns.entries())
        await learnExample(helper, plan, column, made[index]!, rules);
      if (made.some(({ formMatters }) => formMatters)) await learnFrom(source, helper, plan, made);
    }
    return styles;
  }

  of(plan: TablePlan): readonly Style[] {
    return this.styles.get(plan) ?? [];
  }

  /**
   * A row's values as the app would write them. A column whose form nobody knows is noted, and NULL meanwhile.
   * @throws Refused for a value that no form of SQLite's reads back as
   */
  values(plan: TablePlan, fields: readonly string[], row: () => string): (Bound | null)[] {
    return this.of(plan).map((style, index) => {
      try {
        return style.write(fields[index]!);
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        const { source, target } = plan.columns[index]!;
        if (!(error instanceof Unlearned))
          throw new Refused(`${plan.target.name}.${target.name}, ${row()}: ${error.kind}`);
        const like = { kind: "like", table: plan.source.name, column: source, value: "…" };
        this.unlearned.set(
          `${plan.source.name}.${source}`,
          `${error.kind}. Give one of its values as the app writes it: ${JSON.stringify(like)}`,
        );
        return null;
      }
    });
  }

  /** @throws Refused naming every column that could not be written */
  requireLearned(): void {
    if (this.unlearned.size === 0) return;
    const lines = [...this.unlearned].map(([column, why]) => `  ${column}: ${why}`);
    throw new Refused(
      `pgmoor must write these columns in the app's own form, and does not know it:\n${lines.join("\n")}`,
    );
  }
}

/** Reads a column of times as if it held microseconds, where a rule has them rounded. */
function exactOf({ target }: ColumnPlan, encoding: SqliteDatabase["encoding"], rules: readonly Rule[]) {
  const rounds = rules.some((rule) => rule.kind === "cast" && rule.as === "round");
  return rounds && target.type.startsWith("time")
    ? converterFor({ ...target, modifier: -1 }, encoding, []).convert
    : undefined;
}

/** How the columns are declared, in SQLite's own words. */
function declaredTypes(file: ConfinedDatabase, { source }: TablePlan): Map<string, string> {
  const found = file
    .prepare("SELECT name, upper(type) AS type FROM pragma_table_xinfo(?)")
    .all(source.name) as { name: string; type: string }[];
  return new Map(found.map(({ name, type }) => [name, type]));
}

/** A value that a person has copied from what the app writes. */
async function learnExample(
  helper: Client,
  { source }: TablePlan,
  column: ColumnPlan,
  style: Style,
  rules: readonly Rule[],
): Promise<void> {
  for (const rule of rules) {
    if (rule.kind !== "like" || rule.table !== source.name || rule.column !== column.source) continue;
    const example: Bound =
      typeof rule.value === "string"
        ? rule.value
        : Number.isInteger(rule.value)
          ? BigInt(rule.value)
          : rule.value;
    const refuse = (why: string) =>
      new Refused(`rule like for ${source.name}.${column.source}: its value does not convert: ${why}`);
    const [storage, raw] = style.raw(example);
    try {
      const field = column.converter.convert(storage, raw, { roundedFractions: 0, assumedUtc: 0 });
      const [printed] = column.converter.byServer
        ? await printedByServer(helper, column.target, [field])
        : [field];
      if (printed instanceof Misfit) throw printed;
      style.learn(printed!, storage, raw);
    } catch (error) {
      if (error instanceof Misfit) throw refuse(error.kind);
      throw error;
    }
    if (style.usual === undefined) throw refuse("pgmoor cannot write this form");
  }
}

async function learnFrom(
  source: SqliteDatabase,
  helper: Client,
  plan: TablePlan,
  styles: readonly Style[],
): Promise<void> {
  const sum = newTableSum();
  const rows = rowsOf(
    source,
    plan,
    plan.columns.map((column) => column.source),
  );
  let [place, left] = [0, 0];
  for await (const line of linesOf(copyRows(source, plan, helper, sum, "text"))) {
    for (; sum.leftBehind[left] === ++place; left++) rows.next();
    const row = rows.next();
    if (row.done || place > sample) break;
    learnRow(styles, line.toString(), row.value);
  }
}

/** Takes note of a row that the app wrote, and of the line that the server has for it. */
export function learnRow(styles: readonly Style[], line: string, row: SourceRow): void {
  for (const [index, field] of line.split("\t").entries())
    styles[index]!.learn(field, row.storages[index] as Storage, row.values[index] ?? null);
}

/** The rows of the source in the order in which they are sent, few at a time: rows may be megabytes. */
export function* rowsOf(
  source: SqliteDatabase,
  plan: TablePlan,
  names: readonly string[],
): Generator<SourceRow> {
  for (const { range } of pages(source, plan, "text")) yield* source.rows(plan.source, names, range);
}
