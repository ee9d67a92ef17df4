import { converterFor, type ColumnConverter } from "./convert";
import { Refused } from "./errors";
import type { SourceTable, SqliteSource } from "./sqlite";
import type { TargetColumn, TargetTable } from "./target";

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
  return { pairs, sourceOnly: sources.filter((source) => !pairs.has(source)), targetOnly: [...left] };
}

/**
 * What goes where. Names decide, the order of columns does not.
 * @param migrationTables the app's own record of schema migrations, left alone on both sides.
 * @throws Refused naming every table and column that only one side has, unless the target can do without the source's.
 */
export function plan(
  source: SqliteSource,
  targets: readonly TargetTable[],
  migrationTables: readonly string[],
): TablePlan[] {
  const copied = ({ name }: { name: string }) => !migrationTables.includes(name);
  const tables = pair(source.tables().filter(copied), targets.filter(copied));
  const faults = [
    ...tables.sourceOnly.map(({ name }) => `table ${name}: in the source only`),
    ...tables.targetOnly.map(({ name }) => `table ${name}: in the target only`),
  ];
  const plans: TablePlan[] = [];
  for (const [from, to] of tables.pairs) {
    const columns = pair(from.columns, to.columns);
    faults.push(...columns.sourceOnly.map(({ name }) => `column ${from.name}.${name}: in the source only`));
    for (const column of columns.targetOnly) {
      if (column.notNull && !column.filled && !column.generated) {
        faults.push(`column ${to.name}.${column.name}: in the target only, NOT NULL and without a default`);
      }
    }
    const planned = [...columns.pairs].map(([{ name }, target]) => ({
      source: name,
      target,
      converter: converterFor(target, source.encoding),
    }));
    const place = new Map(to.columns.map((column, index) => [column, index]));
    planned.sort((a, b) => (place.get(a.target) ?? 0) - (place.get(b.target) ?? 0));
    plans.push({ source: from, target: to, columns: planned });
  }
  if (targets.length === 0) {
    throw new Refused("the app has built no table in the target: does its schema run use this database?");
  }
  if (faults.length > 0) {
    throw new Refused(
      `the source and the schema that the app built do not fit together:\n${faults.map((fault) => `  ${fault}`).join("\n")}\n` +
        "Is the app's image the release that wrote the source? An app's record of its schema migrations belongs into migrationTables",
    );
  }
  return plans.sort((a, b) => (a.source.name < b.source.name ? -1 : 1));
}
