/** What the app knows that it has written: worked on the server step by step, and kept beside it. */
import type { App, Step, Table } from "./app";
import type { Value } from "./kinds";

/** A row as the app knows it. `old` is what it wrote to a column that the server does not have. */
export interface ModelRow {
  readonly key: string;
  readonly values: Value[];
  readonly old: string | null;
  /** Of a serial table: a number that no other row has. */
  readonly unique: string;
}

type Query = (sql: string) => Promise<Record<string, unknown>[]>;

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

export class Model {
  /** The rows of each table. */
  readonly rows: ModelRow[][];
  /** The highest number that each table has ever given out. */
  readonly highest: number[];

  /** What the file has that the server does not, by table and key. */
  private inFile: ReadonlyMap<string, string | null>[] = [];

  constructor(private readonly app: App) {
    this.rows = app.tables.map(({ rows, shape }, table) =>
      rows.map(([key, values], place) => ({
        key: shape === "serial" ? String(place + 1) : key,
        unique: String(place + 1),
        values: [...values],
        old: `${table}.${place}`,
      })),
    );
    this.highest = this.rows.map((rows) => rows.length);
  }

  /** The file and the server hold the same now. */
  moved(): void {
    this.inFile = this.rows.map((rows) => new Map(rows.map(({ key, old }) => [key, old])));
  }

  /** The app's schema and rows in SQLite. */
  sqlite(): string {
    return this.app.tables
      .map((table, place) => {
        const columns = table.columns.map(({ declared }, index) => `c${index} ${declared}`);
        const key = {
          serial: ["id INTEGER PRIMARY KEY AUTOINCREMENT", "u INTEGER UNIQUE"],
          "text key": ["id TEXT NOT NULL PRIMARY KEY"],
          "no key": [],
        }[table.shape];
        const rows = this.rows[place]!.map(({ key, values, old, unique }) => {
          const fields = values.map((value, index) =>
            value === null ? "NULL" : table.columns[index]!.sqlite(value),
          );
          const id = { serial: [key, unique], "text key": [text(key)], "no key": [] }[table.shape];
          return `INSERT INTO ${table.name} VALUES (${[...id, ...fields, text(old!)].join(", ")});`;
        });
        const end = table.shape === "text key" ? " WITHOUT ROWID" : "";
        return `CREATE TABLE ${table.name} (${[...key, ...columns, "old TEXT"].join(", ")})${end}; ${rows.join(" ")}`;
      })
      .join("\n");
  }

  /** The app's schema on the server. */
  postgres(): string {
    return this.app.tables
      .map(({ name, shape, columns }) => {
        const key = {
          serial: ["id serial PRIMARY KEY", "u integer UNIQUE DEFERRABLE"],
          "text key": ["id text PRIMARY KEY"],
          "no key": [],
        }[shape];
        const fields = columns.map(({ type }, index) => `c${index} ${type}`);
        return `CREATE TABLE ${name} (${[...key, ...fields].join(", ")});`;
      })
      .join("\n");
  }

  /** Does one thing on the server and in the model. */
  async step(step: Step, query: Query): Promise<void> {
    const table = this.app.tables[step.table]!;
    const rows = this.rows[step.table]!;
    const fields = (values: readonly Value[]) =>
      values.map((value, index) => (value === null ? "NULL" : table.columns[index]!.postgres(value)));
    const names = table.columns.map((_, index) => `c${index}`);
    if (step.act === "clear") {
      rows.length = 0;
      await query(`DELETE FROM ${table.name}`);
      return;
    }
    if (step.act === "insert") {
      if (table.shape === "text key" && rows.some(({ key }) => key === step.key)) return;
      const id = table.shape === "text key" ? ["id", text(step.key)] : undefined;
      const into = [...(id ? [id[0]] : []), ...names].join(", ");
      const values = [...(id ? [id[1]] : []), ...fields(step.values)].join(", ");
      const returned = table.shape === "serial" ? " RETURNING id" : "";
      const [row] = await query(`INSERT INTO ${table.name} (${into}) VALUES (${values})${returned}`);
      if (table.shape === "serial") await query(`UPDATE ${table.name} SET u = id WHERE u IS NULL`);
      const key = table.shape === "serial" ? String(row!.id) : step.key;
      if (table.shape === "serial") {
        if (Number(key) <= this.highest[step.table]!) throw new Error(`the number ${key} is given out again`);
        this.highest[step.table] = Number(key);
      }
      // Under the key of a row that was deleted, it is that row to anyone who sees both sides.
      const old = table.shape === "text key" ? this.inFile[step.table]?.get(key) : undefined;
      rows.push({ key, values: [...step.values], old: old ?? null, unique: key });
      return;
    }
    if (rows.length === 0) return;
    const place = step.row % rows.length;
    const row = rows[place]!;
    const where = table.shape === "no key" ? this.byValues(table, row) : `id = ${text(row.key)}`;
    if (step.act === "exchange") {
      const other = step.other % rows.length;
      if (table.shape !== "serial" || other === place) return;
      const [one, two] = [row, rows[other]!];
      [rows[place], rows[other]] = [
        { ...one, unique: two.unique },
        { ...two, unique: one.unique },
      ];
      await query(
        `UPDATE ${table.name} SET u = CASE id WHEN ${one.key} THEN ${two.unique} ELSE ${one.unique} END WHERE id IN (${one.key}, ${two.key})`,
      );
      return;
    }
    if (step.act === "delete") {
      rows.splice(place, 1);
      await query(`DELETE FROM ${table.name} WHERE ${where}`);
      return;
    }
    const [name, value] = [names[step.column]!, fields(step.values)[step.column]!];
    await query(`UPDATE ${table.name} SET ${name} = ${value} WHERE ${where}`);
    // A row without a key is another one when it is changed: what the server does not know of it is gone.
    const values = row.values.with(step.column, step.values[step.column]!);
    rows[place] = { ...row, values, old: table.shape === "no key" ? null : row.old };
  }

  /** Finds one of the rows that are equal: types without `=` as text. */
  private byValues({ name, columns }: Table, { values }: ModelRow): string {
    const same = values.map((value, index) => {
      const { type, postgres } = columns[index]!;
      return value === null ? `c${index} IS NULL` : `c${index}::text = (${postgres(value)})::${type}::text`;
    });
    return `ctid = (SELECT ctid FROM ${name} WHERE ${same.join(" AND ")} LIMIT 1)`;
  }
}
