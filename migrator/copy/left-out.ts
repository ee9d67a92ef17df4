/** What a copy does not touch, and why: named in the dry run, the report, the ledger and the comparison. */
import type { ClientBase } from "pg";
import { migrationTableNames } from "../../services/rules";
import type { LeftOut } from "../ledger/ledger";
import { targetTables } from "../server/target";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { CopyRules, TablePlan } from "./copy-plan";

export async function leftOutOf(
  client: ClientBase,
  source: SqliteDatabase,
  plans: readonly TablePlan[],
  { migrationTables, rules }: CopyRules,
): Promise<LeftOut> {
  const records = new Set(migrationTableNames(migrationTables));
  const skipped = new Set(rules.filter(({ kind }) => kind === "skip-table").map(({ table }) => table));
  const [from, to] = [
    new Set(plans.map((plan) => plan.source.name)),
    new Set(plans.map((plan) => plan.target.name)),
  ];
  const targets = await targetTables(client);
  const there = new Set(source.tables().map(({ name }) => name));
  const why = (name: string, side: string) =>
    records.has(name)
      ? "the app's record of its schema migrations"
      : skipped.has(name)
        ? `rule skip-table, in the ${side}`
        : `only in the ${side}`;
  const tables: Record<string, string> = {};
  for (const { name } of targets) if (!to.has(name)) tables[name] = why(name, "target");
  for (const name of there) if (!from.has(name)) tables[name] = why(name, "source");
  for (const { name, owner } of source.shadowTables())
    tables[name] = `an internal table of the virtual table ${owner}`;
  const staysNull = plans.flatMap(({ target, columns }) =>
    target.columns
      .filter((column) => !column.filled && !column.generated)
      .filter((column) => columns.every((planned) => planned.target !== column))
      .map((column) => `${target.name}.${column.name}`),
  );
  const views = await client.query<{ name: string }>(
    `SELECT matviewname AS name FROM pg_matviews
     WHERE schemaname = ANY (current_schemas(false)) AND ispopulated AND NOT pg_has_role(matviewowner, 'USAGE') ORDER BY 1`,
  );
  return { tables, staysNull, materializedViews: views.rows.map(({ name }) => name) };
}
