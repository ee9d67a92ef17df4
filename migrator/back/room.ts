/** What the server holds and the source's schema has no place for. */
import type { Client } from "pg";
import type { LeaveOnServerRule, Rule } from "../../services/rules";
import { identifier } from "../base/quoting";
import { Refused } from "../base/errors";
import type { TablePlan } from "../copy/copy-plan";
import type { TargetColumn, TargetTable } from "../server/target";

/** A default that is the same in every row. */
const constant = /^(?:'(?:[^']|'')*'|-?[\d.]+|true|false|NULL)(?:::[\w" .[\](),]+)?$/;

/**
 * @param only tables that only the server has, without the app's record of its migrations.
 * @throws Refused naming every column and table that only the server has and that says something, unless a rule leaves it there
 */
export async function requireRoom(
  client: Client,
  plans: readonly TablePlan[],
  only: readonly TargetTable[],
  rules: readonly Rule[],
): Promise<void> {
  const stays = (table: string, column?: string) =>
    rules.some((rule) => rule.kind === "leave-on-server" && rule.table === table && rule.column === column);
  const faults: string[] = [];
  const fault = (subject: string, rows: string, rule: LeaveOnServerRule) =>
    faults.push(`${subject}: ${rows} (this rule leaves it on the server: ${JSON.stringify(rule)})`);
  for (const { target, columns } of plans) {
    const paired = new Set(columns.map((column) => column.target.name));
    const unpaired = target.columns.filter(({ name, generated }) => !paired.has(name) && !generated);
    for (const column of unpaired.filter(({ name }) => !stays(target.name, name))) {
      const rows = await told(client, target, column);
      if (rows !== "0")
        fault(`column ${target.name}.${column.name}`, `${rows} rows have a value`, {
          kind: "leave-on-server",
          table: target.name,
          column: column.name,
        });
    }
  }
  for (const { name, ownRows } of only.filter((table) => !stays(table.name))) {
    const result = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${ownRows}`);
    if (result.rows[0]?.rows !== "0")
      fault(`table ${name}`, `${result.rows[0]?.rows} rows`, { kind: "leave-on-server", table: name });
  }
  if (faults.length > 0)
    throw new Refused(
      `the server has data that the source's schema cannot hold:\n${faults.map((one) => `  ${one}`).join("\n")}`,
    );
}

/** In how many rows a column says more than its default does. */
async function told(client: Client, { oid, ownRows }: TargetTable, { name }: TargetColumn): Promise<string> {
  const found = await client.query<{ value: string }>(
    `SELECT pg_get_expr(d.adbin, d.adrelid) AS value FROM pg_attrdef d
     JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = $1 AND a.attname = $2`,
    [oid, name],
  );
  const value = found.rows[0]?.value ?? "NULL";
  const column = identifier(name);
  const differs = constant.test(value) ? ` AND ${column}::text IS DISTINCT FROM (${value})::text` : "";
  const result = await client.query<{ rows: string }>(
    `SELECT count(*) AS rows FROM ${ownRows} WHERE ${column} IS NOT NULL${differs}`,
  );
  return result.rows[0]!.rows;
}
