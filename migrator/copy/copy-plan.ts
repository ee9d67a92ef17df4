import type { ClientBase } from "pg";
import {
  isColumnRule,
  type ColumnRule,
  migrationTableNames,
  type MigrationTable,
  type Rule,
  type SequenceRule,
} from "../../services/rules";
import { converterFor, type ColumnConverter } from "../values/convert";
import { Refused } from "../base/errors";
import { migrationFaults, migrationTablesOf } from "./migrations";
import { Misfit } from "../values/misfit";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { SourceTable } from "../sqlite/source-table";
import { requireAllRows } from "../server/row-security";
import { targetTables, type TargetColumn, type TargetTable } from "../server/target";

/** One column that both sides have. */
export interface ColumnPlan {
  readonly source: string;
  readonly target: TargetColumn;
  readonly converter: ColumnConverter;
}

/** One table that both sides have. */
export interface TablePlan {
  readonly source: SourceTable;
  readonly target: TargetTable;
  /** In the target's order. A generated column is compared, but not sent. */
  readonly columns: readonly ColumnPlan[];
}

/** Bytes of a name at the most, where PostgreSQL was not built for more. */
const nameBytes = 63;

/** What PostgreSQL keeps of a name: no half of a character. */
function cutOff(name: string): string {
  const bytes = Buffer.from(name);
  let end = Math.min(nameBytes, bytes.length);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** Pairs names: as they are, else without regard to case if that leaves no doubt. */
function pair<S extends { name: string }, T extends { name: string }>(
  sources: readonly S[],
  targets: readonly T[],
) {
  const left = new Set(targets);
  const pairs = new Map<S, T>();
  const take = (source: S, target: T | undefined) => {
    if (target === undefined) return;
    pairs.set(source, target);
    left.delete(target);
  };
  for (const source of sources)
    take(
      source,
      targets.find(({ name }) => name === source.name),
    );
  for (const source of sources.filter((candidate) => !pairs.has(candidate))) {
    const alike = [...left].filter(({ name }) => name.toLowerCase() === source.name.toLowerCase());
    if (alike.length === 1) take(source, alike[0]);
  }
  // PostgreSQL cuts a longer name off without a word.
  const unpaired = sources.filter((candidate) => !pairs.has(candidate));
  for (const source of unpaired) {
    const kept = cutOff(source.name);
    const alike = unpaired.filter((other) => cutOff(other.name) === kept);
    if (kept !== source.name && alike.length === 1)
      take(
        source,
        [...left].find(({ name }) => name === kept),
      );
  }
  return { pairs, sourceOnly: sources.filter((source) => !pairs.has(source)), targetOnly: [...left] };
}

/** What is declared of a copy. */
export interface CopyRules {
  /** The app's own record of schema migrations, not copied. */
  readonly migrationTables: readonly MigrationTable[];
  readonly rules: readonly Rule[];
}

/** Tables of the target that no copy touches: they stay as the app made them. */
export function untouchedTables({ migrationTables, rules }: CopyRules): string[] {
  const skipped = rules.filter(({ kind }) => kind === "skip-table").map(({ table }) => table);
  return [...migrationTableNames(migrationTables), ...skipped];
}

/** Looks at both sides and plans the copy; see `plan`. */
export async function planCopy(
  client: ClientBase,
  source: SqliteDatabase,
  declared: CopyRules,
): Promise<TablePlan[]> {
  await requireAllRows(client);
  const targets = await targetTables(client);
  const migrationTables = migrationTablesOf(source, declared.migrationTables);
  const migrations = await migrationFaults(client, source, targets, migrationTables);
  return planTables(source, targets, { ...declared, migrationTables }, migrations);
}

/**
 * What goes where. Names decide, the order of columns does not.
 * @param migrations what is wrong with the app's record of its migrations.
 * @throws Refused naming every table and column that only one side has, unless the target can do without the source's or a
 * rule leaves it behind, and every rule that does not fit.
 */
export function planTables(
  source: SqliteDatabase,
  targets: readonly TargetTable[],
  { migrationTables, rules }: CopyRules,
  migrations: readonly string[] = [],
): TablePlan[] {
  const records = migrationTableNames(migrationTables);
  const copied = ({ name }: { name: string }) => !records.includes(name);
  const unreadable = source.tables().filter((table) => copied(table) && table.unreadable !== undefined);
  const other = ({ name }: { name: string }) =>
    copied({ name }) && unreadable.every((table) => table.name !== name);
  const tables = pair(source.tables().filter(other), targets.filter(other));
  const followed = new Set<Rule>();
  const left = (kind: "skip-table" | "skip-column", table: string, column?: string) => {
    const found = rules.find(
      (rule) =>
        rule.kind === kind && rule.table === table && ("column" in rule ? rule.column : undefined) === column,
    );
    if (found !== undefined) followed.add(found);
    return found !== undefined;
  };
  const faults = [...migrations];
  const tableFault = (side: string, { name }: { name: string }) => {
    if (!left("skip-table", name))
      faults.push(`table ${name}: in the ${side} only${helps({ kind: "skip-table", table: name })}`);
  };
  for (const { name, unreadable: why } of unreadable)
    if (!left("skip-table", name))
      faults.push(
        `table ${name}: SQLite cannot read it without the app (${why})${helps({ kind: "skip-table", table: name })}`,
      );
  for (const table of tables.sourceOnly) tableFault("source", table);
  for (const table of tables.targetOnly) tableFault("target", table);
  const isOnly = (table: string, column?: string) => {
    for (const rule of rules)
      if (rule.kind === "leave-on-server" && rule.table === table && rule.column === column)
        followed.add(rule);
  };
  for (const table of tables.targetOnly) isOnly(table.name);
  // Tables that come and go, as an app's temporary ones: there is nothing to leave out.
  const there = new Set([...source.tables(), ...targets].map((table) => table.name));
  for (const rule of rules) if (rule.kind === "skip-table" && !there.has(rule.table)) followed.add(rule);
  const plans: TablePlan[] = [];
  for (const [from, to] of tables.pairs) {
    for (const rule of rules) if (rule.kind === "replace" && rule.table === from.name) followed.add(rule);
    const columns = pair(from.columns, to.columns);
    for (const { name } of columns.targetOnly) isOnly(to.name, name);
    for (const rule of rules)
      if (rule.kind === "like" && rule.table === from.name)
        for (const { name } of columns.pairs.keys()) if (rule.column === name) followed.add(rule);
    for (const { name } of columns.sourceOnly) {
      if (left("skip-column", from.name, name)) continue;
      const rule = helps({ kind: "skip-column", table: from.name, column: name });
      faults.push(`column ${from.name}.${name}: in the source only${rule}`);
    }
    for (const column of columns.targetOnly) {
      if (column.notNull && !column.filled && !column.generated) {
        faults.push(`column ${to.name}.${column.name}: in the target only, NOT NULL and without a default`);
      }
    }
    const planned: ColumnPlan[] = [];
    for (const [{ name }, target] of columns.pairs) {
      const own = columnRules(rules, from.name, name);
      for (const rule of own) followed.add(rule);
      try {
        planned.push({ source: name, target, converter: converterFor(target, source.encoding, own) });
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        faults.push(`rule for ${from.name}.${name}: ${error.kind}`);
      }
    }
    const place = new Map(to.columns.map((column, index) => [column, index]));
    planned.sort((a, b) => (place.get(a.target) ?? 0) - (place.get(b.target) ?? 0));
    if (columns.pairs.size === 0)
      faults.push(`table ${from.name}: source and target have no column in common`);
    plans.push({ source: from, target: to, columns: planned });
  }
  if (targets.length === 0) {
    throw new Refused("the app has built no table in the target: does its schema run use this database?");
  }
  // What a sequence follows is looked at where it is set.
  for (const rule of rules)
    if (!followed.has(rule) && rule.kind !== "sequence") faults.push(unfollowed(rule));
  if (faults.length > 0) {
    throw new Refused(
      `the source and the schema that the app built do not fit together:\n${faults.map((fault) => `  ${fault}`).join("\n")}\n` +
        "Is the app's image the release that wrote the source? An app's record of its schema migrations belongs into migrationTables",
    );
  }
  return plans.sort((a, b) => (a.source.name < b.source.name ? -1 : 1));
}

/** What is declared of the values of one column, by the source's names. */
export function columnRules(rules: readonly Rule[], table: string, column: string): ColumnRule[] {
  return rules.filter(isColumnRule).filter((rule) => rule.table === table && rule.column === column);
}

const helps = (rule: Rule) => ` (a rule that would leave it behind: ${JSON.stringify(rule)})`;

/** A rule that says nothing of what is there is a mistake in it. */
function unfollowed(rule: Exclude<Rule, SequenceRule>): string {
  const subject = "column" in rule && rule.column !== undefined ? `${rule.table}.${rule.column}` : rule.table;
  switch (rule.kind) {
    case "skip-table":
      return `rule skip-table for ${subject}: no table of that name is on one side only`;
    case "leave-on-server":
      return `rule leave-on-server for ${subject}: the target has no such table or column that the source has not`;
    case "replace":
      return `rule replace for ${subject}: no table of that name is copied`;
    case "skip-column":
      return `rule skip-column for ${subject}: the source has no such column that the target has not`;
    case "cast":
    case "default":
    case "null-if":
    case "skip-row":
    case "like":
      return `rule ${rule.kind} for ${subject}: the source has no such column that is copied`;
  }
}
