import type { ClientBase } from "pg";
import {
  isColumnRule,
  type ColumnRule,
  migrationTableNames,
  type MigrationTable,
  type RenameRule,
  type Rule,
  type SequenceRule,
} from "../../services/rules";
import { converterFor, type ColumnConverter } from "../values/convert";
import { Refused } from "../base/errors";
import { migrationFaults, migrationTablesOf } from "./migrations";
import { cutOff, pair } from "./pair-names";
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
  const followed = new Set<Rule>();
  const renamed = (table: string, column?: string) => {
    const found = rules.find(
      (rule): rule is RenameRule => rule.kind === "rename" && rule.table === table && rule.column === column,
    );
    return found && { to: found.to, taken: () => void followed.add(found) };
  };
  const tables = pair(source.tables().filter(other), targets.filter(other), ({ name }) => renamed(name));
  const left = (kind: "skip-table" | "skip-column", table: string, column?: string) => {
    const found = rules.find(
      (rule) =>
        rule.kind === kind && rule.table === table && ("column" in rule ? rule.column : undefined) === column,
    );
    if (found !== undefined) followed.add(found);
    return found !== undefined;
  };
  const faults = [...migrations];
  const tableFault = (side: "source" | "target", { name }: { name: string }) => {
    if (left("skip-table", name)) return;
    const isCut = side === "source" && cutOff(name) !== name;
    faults.push(
      `table ${name}: only in the ${side}${isCut ? renames({ table: name }) : ""}${helps({ kind: "skip-table", table: name })}`,
    );
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
    const columns = pair(from.columns, to.columns, ({ name }) => renamed(from.name, name));
    for (const { name } of columns.targetOnly) isOnly(to.name, name);
    for (const rule of rules)
      if (rule.kind === "like" && rule.table === from.name)
        for (const { name } of columns.pairs.keys()) if (rule.column === name) followed.add(rule);
    for (const { name } of columns.sourceOnly) {
      if (left("skip-column", from.name, name)) continue;
      const rule = helps({ kind: "skip-column", table: from.name, column: name });
      const rename = cutOff(name) !== name ? renames({ table: from.name, column: name }) : "";
      faults.push(`column ${from.name}.${name}: only in the source${rename}${rule}`);
    }
    for (const column of columns.targetOnly) {
      if (column.notNull && !column.filled && !column.generated) {
        faults.push(`column ${to.name}.${column.name}: only in the target, NOT NULL and without a default`);
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
    throw new Refused(
      "the app has built no tables in the target. Check that its schema run uses this database",
    );
  }
  // What a sequence follows is looked at where it is set.
  for (const rule of rules)
    if (!followed.has(rule) && rule.kind !== "sequence") faults.push(unfollowed(rule));
  if (faults.length > 0) {
    throw new Refused(
      `the source does not match the schema that the app built:\n${faults.map((fault) => `  ${fault}`).join("\n")}\n` +
        "Check that the app's image is the release that wrote the source. List the app's migration-history tables in migrationTables",
    );
  }
  return plans.sort((a, b) => (a.source.name < b.source.name ? -1 : 1));
}

/** What is declared of the values of one column, by the source's names. */
export function columnRules(rules: readonly Rule[], table: string, column: string): ColumnRule[] {
  return rules.filter(isColumnRule).filter((rule) => rule.table === table && rule.column === column);
}

const helps = (rule: Rule) => ` (this rule leaves it out: ${JSON.stringify(rule)})`;

/** For a name that PostgreSQL cannot hold whole: what it is called there, only a person knows. */
const renames = (of: { readonly table: string; readonly column?: string }) =>
  `, and its name is longer than PostgreSQL's limit of 63 bytes (this rule gives its name on the server: ${JSON.stringify({ kind: "rename", ...of, to: "NAME" })})`;

/** A rule that says nothing of what is there is a mistake in it. */
function unfollowed(rule: Exclude<Rule, SequenceRule>): string {
  const subject = "column" in rule && rule.column !== undefined ? `${rule.table}.${rule.column}` : rule.table;
  switch (rule.kind) {
    case "skip-table":
      return `rule skip-table for ${subject}: no table of that name exists on only one side`;
    case "leave-on-server":
      return `rule leave-on-server for ${subject}: the target has no table or column of that name that the source lacks`;
    case "replace":
      return `rule replace for ${subject}: no table of that name is copied`;
    case "rename":
      return `rule rename for ${subject}: no ${rule.column === undefined ? "table" : "column"} of that name is copied, or the target has no ${rule.to}`;
    case "skip-column":
      return `rule skip-column for ${subject}: the source has no column of that name that the target lacks`;
    case "cast":
    case "default":
    case "null-if":
    case "skip-row":
    case "like":
      return `rule ${rule.kind} for ${subject}: no column of that name is copied`;
  }
}
