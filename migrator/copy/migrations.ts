/** The app's own record of its schema's migrations: compared, never copied. */
import type { ClientBase } from "pg";
import type { MigrationTable } from "../../services/rules";
import { identifier } from "../base/quoting";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { TargetTable } from "../server/target";

/**
 * Columns that say which migration a row is, by the tool that writes them: Django; Prisma; Grafana; EF Core; Laravel; Knex,
 * Kysely, TypeORM, Sequelize; Diesel, golang-migrate, Rails, sqlx, Gitea; Alembic; goose. The first that both sides have.
 */
const identifying = [
  ["app", "name"],
  ["migration_name"],
  ["migration_id"],
  ["MigrationId"],
  ["migration"],
  ["name"],
  ["version"],
  ["version_num"],
  ["version_id"],
];

/** Tables that are known to hold a record of migrations: what a move by hand does not copy if nothing else is declared. */
export const knownTables: readonly MigrationTable[] = [
  "__diesel_schema_migrations",
  "__EFMigrationsHistory",
  "_prisma_migrations",
  "_sqlx_migrations",
  "alembic_version",
  "django_migrations",
  "goose_db_version",
  "knex_migrations",
  { table: "knex_migrations_lock", compare: "nothing" },
  "kysely_migration",
  { table: "kysely_migration_lock", compare: "nothing" },
  "kysely_migrations",
  { table: "kysely_migrations_lock", compare: "nothing" },
  "migration_log",
  // Laravel's, TypeORM's. Of other columns, it is a table of the app's that only sounds like one.
  {
    table: "migrations",
    columns: [
      ["migration", "batch"],
      ["timestamp", "name"],
    ],
  },
  "schema_migrations",
  "seaql_migrations",
  "SequelizeMeta",
];

/** So many migrations are named at most. */
const shown = 5;

/** Without those that are none in this source: a table of the app's may have the name of a tool's. */
export function migrationTablesOf(
  source: SqliteDatabase,
  tables: readonly MigrationTable[],
): MigrationTable[] {
  return tables.filter((one) => {
    if (typeof one === "string" || one.columns === undefined) return true;
    const found = source.tables().find(({ name }) => name === one.table);
    const names = new Set(found?.columns.map(({ name }) => name));
    return found === undefined || one.columns.some((list) => list.every((name) => names.has(name)));
  });
}

/** What says that the schema that the app built is not that of the release that wrote the source, and what to do. */
export async function migrationFaults(
  client: ClientBase,
  source: SqliteDatabase,
  targets: readonly TargetTable[],
  tables: readonly MigrationTable[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const one of tables) {
    const { table, compare = "all" } = typeof one === "string" ? { table: one } : one;
    if (compare === "nothing") continue;
    const from = source.tables().find(({ name }) => name === table);
    const to = targets.find(({ name }) => name === table);
    if (from === undefined && to === undefined) continue;
    if (from === undefined || to === undefined) {
      const side = from === undefined ? "target" : "source";
      faults.push(`${table}: only in the ${side}, so pgmoor cannot compare the releases of the two schemas`);
      continue;
    }
    const has = (side: { columns: readonly { name: string }[] }, column: string) =>
      side.columns.some(({ name }) => name === column);
    const columns = identifying.find((names) => names.every((name) => has(from, name) && has(to, name)));
    if (columns === undefined) {
      faults.push(
        `${table}: pgmoor cannot tell which column names the migration. If the table records no migrations, declare ${nothing(table)}`,
      );
      continue;
    }
    const both = (name: string) => has(from, name) && has(to, name);
    // goose writes a row for every step, also for one that takes a migration back; golang-migrate marks one that failed.
    const more = both("is_applied") ? ["is_applied", "id"] : both("dirty") ? ["dirty"] : [];
    const read = [...columns, ...more];
    const rows = [inSource(source, from, read), await inTarget(client, to, read)] as const;
    const dirty = rows.findIndex((side) => more[0] === "dirty" && side.some((row) => isTrue(row.at(-1))));
    if (dirty >= 0) {
      const side = ["source", "target"][dirty];
      faults.push(
        `${table}: a migration failed half-way in the ${side} (dirty). Let the app finish it there, and then move`,
      );
      continue;
    }
    const ids = (side: readonly string[][]) =>
      (more[0] === "is_applied" ? applied(side, columns.length) : side).map((row) =>
        row.slice(0, columns.length).join("."),
      );
    const [theirs, ours] = [ids(rows[0]), ids(rows[1])];
    const numbers = [...theirs, ...ours].every((id) => /^\d+$/.test(id)) && isInteger(to, columns);
    const order = numbers ? asNumbers : [...theirs, ...ours].every((id) => stamp.test(id)) ? byStamp : asText;
    const sorted = [theirs.sort(order), ours.sort(order)] as const;
    const fault = compare === "all" ? sameSet(table, ...sorted) : sameNewest(table, order, ...sorted);
    if (fault !== undefined) faults.push(`${table}: ${fault}`);
  }
  return faults;
}

const isTrue = (value: string | undefined) => ["1", "t", "true"].includes(value?.toLowerCase() ?? "");

/** goose's rows whose last step has applied them: each has whether it did, and its number, at the end. */
function applied(rows: readonly string[][], columns: number): string[][] {
  const last = new Map<string, string[]>();
  const inOrder = [...rows].sort((a, b) => Number(a.at(-1)) - Number(b.at(-1)));
  for (const row of inOrder) last.set(row.slice(0, columns).join("."), row);
  return [...last.values()].filter((row) => isTrue(row.at(-2)));
}

const nothing = (table: string) => `{ table: ${JSON.stringify(table)}, compare: "nothing" }`;

const newer =
  "The source is newer than the app's image: use the image of the release that wrote the source, or a later one";
const older =
  "The source is older than the app's image: start this image once on the SQLite file to upgrade it, and then move";

function sameSet(table: string, source: readonly string[], target: readonly string[]): string | undefined {
  const [lacking, surplus] = [difference(source, target), difference(target, source)];
  if (lacking.length === 0 && surplus.length === 0) return undefined;
  if (surplus.length === 0) return `the target lacks ${list(lacking)}. ${newer}`;
  if (lacking.length === 0) return `the source lacks ${list(surplus)}. ${older}`;
  // Where the last one differs as well, "newest" would be refused next.
  const settles =
    source.at(-1) === target.at(-1)
      ? `{ table: ${JSON.stringify(table)}, compare: "newest" }`
      : nothing(table);
  return (
    `the target lacks ${list(lacking)}, the source ${list(surplus)}. If the app has different migrations for SQLite and ` +
    `PostgreSQL, declare ${settles}; otherwise use the release that wrote the source`
  );
}

function sameNewest(
  table: string,
  order: Order,
  source: readonly string[],
  target: readonly string[],
): string | undefined {
  const [last, built] = [source.at(-1), target.at(-1)];
  if (last === built) return undefined;
  const seen = `the newest is ${last ?? "none"} in the source, ${built ?? "none"} in the target`;
  // Alembic's are names without an order.
  if (
    ![...source, ...target].every((id) => /^\D{0,2}\d{3}/.test(id) && !/^[0-9a-f]{12,40}$/.test(id)) &&
    order === asText
  )
    return (
      `${seen}. Their names do not show which is newer. If the app's migrations are written for each of its databases, and ` +
      `both are of one release, declare ${nothing(table)}; otherwise use the release that wrote the source`
    );
  return `${seen}. ${built === undefined || (last !== undefined && order(built, last) < 0) ? newer : older}`;
}

const isInteger = ({ columns }: TargetTable, [name, more]: readonly string[]) =>
  more === undefined && /^int[248]$/.test(columns.find((column) => column.name === name)?.type ?? "");

const difference = (one: readonly string[], other: readonly string[]) => {
  const there = new Set(other);
  return one.filter((each) => !there.has(each));
};

function list(migrations: readonly string[]): string {
  const more = migrations.length - shown;
  return `${migrations.slice(0, shown).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

type Order = (one: string, other: string) => number;
const asText: Order = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
/** TypeORM's names end with the milliseconds at which a migration was written. */
const stamp = /\d{13}$/;
const byStamp: Order = (one, other) =>
  Number(one.slice(-13)) - Number(other.slice(-13)) || asText(one, other);
const asNumbers: Order = (one, other) => Number(BigInt(one) - BigInt(other));

function inSource(
  source: SqliteDatabase,
  table: Parameters<SqliteDatabase["rows"]>[0],
  columns: readonly string[],
): string[][] {
  const decoder = new TextDecoder(source.encoding);
  return [...source.rows(table, columns)].map(({ values }) =>
    values.map((value) => (Buffer.isBuffer(value) ? decoder.decode(value) : String(value))),
  );
}

async function inTarget(
  client: ClientBase,
  table: TargetTable,
  columns: readonly string[],
): Promise<string[][]> {
  const names = columns.map((name) => `${identifier(name)}::text`).join(", ");
  const result = await client.query<{ id: string[] }>(`SELECT ARRAY[${names}] AS id FROM ${table.ownRows}`);
  return result.rows.map(({ id }) => id);
}
