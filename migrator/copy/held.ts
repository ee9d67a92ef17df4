/**
 * What the target's tables hold before a copy replaces it: seeds that the app's schema step made, its own record of what its
 * schema has, or somebody's data.
 */
import type { Client } from "pg";
import type { Rule } from "../../services/rules";
import { Refused } from "../base/errors";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import { converterFor } from "../values/convert";
import { linesOf } from "./lines";
import { columnRules, type TablePlan } from "./copy-plan";
import { copyRows, newTableSum } from "./rows";
import { linesOfTarget } from "./verify";

/** The rows of one table that holds some. */
export interface HeldRows {
  readonly table: string;
  readonly rows: number;
  /** Of these: no row of the source is the same. */
  readonly own: number;
  /** Of these: the source has no row with that key. */
  readonly lost: number;
  /** Whether the app takes it for a record of what its schema has, by all that can be seen. */
  readonly isRecord: boolean;
}

/** More rows than this are not compared: none of them counts as the source's. */
const most = 100_000;

/** What apps call the record of their schema's changes. Only tables that no foreign key ties to others are looked at. */
const recordNames =
  /schema|migrat|version|delta|change_?log|change_?set|revision|evolution|patch|upgrade|background_update/i;
const versionNames = /^(version|revision|.*_(version|revision)|version_(num|id))$/i;

/** Tables that are asked for at once. */
const atOnce = 200;

/** Those whose target holds rows. */
async function filled(client: Client, plans: readonly TablePlan[]): Promise<TablePlan[]> {
  const found: TablePlan[] = [];
  for (let first = 0; first < plans.length; first += atOnce) {
    const some = plans.slice(first, first + atOnce);
    const each = some.map(({ target }) => `EXISTS (SELECT FROM ${target.ownRows})`);
    const { rows } = await client.query<{ has: boolean[] }>(`SELECT ARRAY[${each.join(", ")}] AS has`);
    found.push(...some.filter((_, place) => rows[0]!.has[place]));
  }
  return found;
}

/**
 * Compares what the target holds with what the source would put there. Only reads; finds nothing in a table that does not fit.
 * @param client reads the target; may be in a transaction.
 * @param helper for values that only the server reads.
 */
export async function heldRows(
  client: Client,
  helper: Client,
  source: SqliteDatabase,
  plans: readonly TablePlan[],
  rules: readonly Rule[],
): Promise<HeldRows[]> {
  const held: HeldRows[] = [];
  for (const plan of await filled(client, plans)) {
    const { name: table, oid, ownRows } = plan.target;
    const found = await client.query<{ rows: number }>(
      `SELECT count(*)::float8 AS rows FROM (SELECT FROM ${ownRows} LIMIT ${most + 1}) t`,
    );
    const { rows } = found.rows[0]!;
    if (rows > most) held.push({ table, rows, own: rows, lost: rows, isRecord: false });
    else {
      const { key, tied } = await keyOf(client, oid);
      const suspect = !tied && recordNames.test(table);
      const { own, lost, otherVersion } = await compare(
        client,
        helper,
        source,
        uncounted(source, plan, rules),
        key,
      );
      held.push({ table, rows, own, lost, isRecord: suspect && lost + otherVersion > 0 });
    }
  }
  return held;
}

/** A table's primary key, or else one that is as good, and whether a foreign key comes from it or goes to it. */
export async function keyOf(client: Client, oid: number): Promise<{ key: readonly string[]; tied: boolean }> {
  const result = await client.query<{ key: string[] | null; tied: boolean }>(
    `SELECT (SELECT array_agg(a.attname::text)
             FROM (SELECT * FROM pg_index
                   WHERE indrelid = $1 AND indisunique AND indpred IS NULL AND indexprs IS NULL
                     AND NOT EXISTS (SELECT FROM pg_attribute a
                                     WHERE a.attrelid = indrelid AND a.attnum = ANY (indkey) AND NOT a.attnotnull)
                   ORDER BY indisprimary DESC, indexrelid LIMIT 1) i
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS key,
            EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND (conrelid = $1 OR confrelid = $1)) AS tied`,
    [oid],
  );
  const { key, tied } = result.rows[0]!;
  return { key: key ?? [], tied };
}

/** The same plan, whose reading does not count as a use of the rules. */
function uncounted(source: SqliteDatabase, plan: TablePlan, rules: readonly Rule[]): TablePlan {
  const columns = plan.columns
    .filter(({ target }) => !target.generated)
    .map((column) => {
      const own = columnRules(rules, plan.source.name, column.source);
      return { ...column, converter: converterFor(column.target, source.encoding, own) };
    });
  return { ...plan, columns };
}

/** What became of a row of the target's: nothing like it in the source, its key, or the very same row. */
interface Line {
  readonly fields: readonly string[];
  readonly text: string;
  copies: number;
  state: "lost" | "key" | "version" | "same";
}

async function compare(
  client: Client,
  helper: Client,
  source: SqliteDatabase,
  plan: TablePlan,
  key: readonly string[],
): Promise<{ own: number; lost: number; otherVersion: number }> {
  const { columns } = plan;
  const places = key.map((name) => columns.findIndex(({ target }) => target.name === name));
  const byKey = places.length > 0 && !places.includes(-1);
  const versions = [...columns.keys()].filter((place) => versionNames.test(columns[place]!.target.name));
  const keyIn = (text: string, fields: readonly string[]) =>
    byKey ? places.map((place) => fields[place]).join("\t") : text;
  const lines = new Map<string, Line>();
  for await (const line of linesOf(linesOfTarget(client, plan))) {
    const text = line.toString();
    const fields = text.split("\t");
    const one = lines.get(keyIn(text, fields));
    if (one === undefined) lines.set(keyIn(text, fields), { fields, text, copies: 1, state: "lost" });
    else one.copies++;
  }
  const reading = newTableSum();
  for await (const line of linesOf(copyRows(source, plan, helper, reading, "text"))) {
    const text = line.toString();
    const fields = text.split("\t");
    const one = lines.get(keyIn(text, fields));
    if (one === undefined) continue;
    if (one.text === text) one.state = "same";
    else if (one.state !== "same")
      one.state = versions.some((place) => fields[place] !== one.fields[place]) ? "version" : "key";
  }
  // Values that do not fit are the copy's to refuse: until then nothing is known of the rows that they are in.
  if (reading.offences.length > 0) return { own: lines.size, lost: 0, otherVersion: 0 };
  const count = (...states: Line["state"][]) =>
    [...lines.values()].reduce((sum, { copies, state }) => sum + (states.includes(state) ? copies : 0), 0);
  return { own: count("lost", "key", "version"), lost: count("lost"), otherVersion: count("version") };
}

/**
 * That no copy takes away what the app goes by when it starts.
 * @throws Refused naming every table that looks like the app's record of its migrations, with what settles it.
 */
export function requireNoRecord(held: readonly HeldRows[], rules: readonly Rule[]): void {
  const settled = (table: string) => rules.some((rule) => rule.kind === "replace" && rule.table === table);
  const records = held.filter(({ table, isRecord }) => isRecord && !settled(table));
  if (records.length === 0) return;
  throw new Refused(
    `the copy would replace tables that look like the app's record of its own migrations. With the source's rows ` +
      `the app would change its schema again when it starts, and fail:\n${records
        .map(
          ({ table, rows, lost }) =>
            `  table ${table}: ${lost > 0 ? `${lost} of the ${rows} rows that the app made are not in the source` : `the app's rows have the same keys but other values than the source's`}\n` +
            `    to keep the app's rows, add to migrationTables: ${JSON.stringify({ table, compare: "nothing" })}\n` +
            `    if it is not such a record, to copy the source's rows, add to rules: ${JSON.stringify({ kind: "replace", table })}`,
        )
        .join("\n")}`,
  );
}

/** Tables whose rows are replaced and not in the source, with their number. */
export function replacedRows(held: readonly HeldRows[]): Readonly<Record<string, number>> {
  return Object.fromEntries(held.filter(({ lost }) => lost > 0).map(({ table, lost }) => [table, lost]));
}

/** @throws Refused naming the tables that hold rows of their own: nobody has said that these may go. */
export function requireNothingOwn(held: readonly HeldRows[], snapshots: string): void {
  const own = held.filter((one) => one.own > 0);
  if (own.length === 0) return;
  throw new Refused(
    `the app's tables in the target have rows that differ from the source's:\n${own
      .map(
        ({ table, rows, own, lost }) =>
          `  table ${table}: ${rows} rows, ${own} differ from the source's, ${lost} have a key that the source lacks`,
      )
      .join("\n")}\n` +
      `If the app made these rows with its schema, they can be replaced: --replace dumps them into ${snapshots}, and then replaces them. ` +
      `In an empty database, --schema has the app build its schema and replaces such rows unasked`,
  );
}
