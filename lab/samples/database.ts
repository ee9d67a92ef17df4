import Libsql from "libsql";
import { Pool, type PoolConfig } from "pg";

export type Value = string | number | boolean | Buffer | null;
export type Row = Readonly<Record<string, unknown>>;

/** What a sample program needs of its database, whichever it is. Parameters are `$1`, `$2`, … in both. */
export interface Database {
  readonly backend: "sqlite" | "postgresql";
  query(sql: string, values?: readonly Value[]): Promise<Row[]>;
  /** Several statements, all of them or none. */
  script(sql: string): Promise<void>;
  hasTable(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a SQLite file, with a write-ahead log as both real programs do. */
export function openSqlite(file: string): Database {
  const database = new Libsql(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000;");
  return {
    backend: "sqlite",
    query: (sql, values = []) => {
      const statement = database.prepare(sql);
      const bound = values.map((value) => (typeof value === "boolean" ? Number(value) : value));
      if (statement.reader) return Promise.resolve(statement.all(...bound) as Row[]);
      statement.run(...bound);
      return Promise.resolve([]);
    },
    script: (sql) => Promise.resolve(void database.exec(`BEGIN; ${sql}; COMMIT;`)),
    hasTable: (name) => {
      const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
      return Promise.resolve(database.prepare(sql).all(name).length > 0);
    },
    close: () => Promise.resolve(void database.close()),
  };
}

/** Opens a PostgreSQL database with a small pool. */
export function openPostgres(config: PoolConfig): Database {
  const pool = new Pool({ max: 4, ...config });
  // An idle connection that breaks is replaced at the next query, which says what is wrong if anything is.
  pool.on("error", () => undefined);
  return {
    backend: "postgresql",
    query: async (sql, values = []) => (await pool.query<Row>(sql, [...values])).rows,
    script: async (sql) => {
      const client = await pool.connect();
      try {
        await client.query(`BEGIN; ${sql}; COMMIT;`);
      } finally {
        // Not back into the pool: a script of another program's may have set what it likes, and a failed one is in its transaction.
        client.release(true);
      }
    },
    hasTable: async (name) => {
      const sql = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = $1";
      return (await pool.query(sql, [name])).rowCount === 1;
    },
    close: () => pool.end(),
  };
}
