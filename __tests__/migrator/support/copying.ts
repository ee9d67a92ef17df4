import * as fs from "node:fs";
import * as path from "node:path";
import type { Client } from "pg";
import { back } from "../../../migrator/back/back";
import { tablesOfServerOnly } from "../../../migrator/back/bring-back";
import type { TableBack } from "../../../migrator/back/table";
import { connect } from "../../../migrator/server/connection";
import { copy, type CopyTask } from "../../../migrator/copy/copy";
import { begin, type Copied } from "../../../migrator/ledger/ledger";
import { planCopy } from "../../../migrator/copy/copy-plan";
import { loginOf } from "../../../migrator/server/login";
import { SqliteDatabase } from "../../../migrator/sqlite/sqlite-database";
import type { MigrationTable, Rule } from "../../../services/rules";
import { type Cleanup, Database, writeSqlite } from ".";

/** The copy alone, without tasks and files around it: one database that is emptied for every case. */
export class Bench {
  private attempt = 0;

  private constructor(
    readonly database: Database,
    private readonly folder: string,
    private readonly client: Client,
    private readonly helper: Client,
    private readonly proofHelper: Client,
  ) {}

  /** @param encoding of the database. @default UTF8 */
  static async create(cleanup: Cleanup, encoding?: string): Promise<Bench> {
    const database = await Database.create(cleanup, undefined, encoding);
    const server = loginOf(database.environment);
    const sessions = [await connect(server), await connect(server), await connect(server)] as const;
    cleanup.add(() => Promise.all(sessions.map((session) => session.end())));
    return new Bench(database, cleanup.folder(), ...sessions);
  }

  /** Empties the database and has the app's schema in it. */
  async schema(sql: string): Promise<void> {
    await this.database.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${sql}`);
  }

  /** A new path for a SQLite file. */
  file(): string {
    return path.join(this.folder, `${++this.attempt}.db`);
  }

  /** Copies a file as the migrator does, once it has its scratch copy. */
  async copy(
    file: string,
    rules: readonly Rule[] = [],
    migrationTables: readonly MigrationTable[] = [],
    more: Partial<Pick<CopyTask, "held" | "requireSameSource" | "log">> = {},
  ): Promise<Copied> {
    const source = SqliteDatabase.open(file, "app.db");
    const attempt = ++this.attempt;
    try {
      const plans = await planCopy(this.client, source, { rules, migrationTables });
      await begin(this.client, {
        number: attempt,
        service: "app",
        allocation: undefined,
      });
      const { client, helper, proofHelper } = this;
      return await copy({
        client,
        helper,
        proofHelper,
        source,
        plans,
        rules,
        extent: "full",
        attempt,
        held: "seeds",
        requireSameSource: () => Promise.resolve(),
        committing: () => undefined,
        log: () => undefined,
        ...more,
      });
    } finally {
      source.close();
    }
  }

  /** Brings what the server holds into a copy of the file. */
  async back(
    source: string,
    rules: readonly Rule[] = [],
    migrationTables: readonly MigrationTable[] = [],
  ): Promise<{ file: string; tables: TableBack[] }> {
    const [scratch, file] = [this.file(), this.file()];
    for (const copy of [scratch, file])
      for (const suffix of ["", "-wal"])
        if (fs.existsSync(source + suffix)) fs.copyFileSync(source + suffix, copy + suffix);
    const { client, helper } = this;
    const opened = SqliteDatabase.open(scratch, "app.db");
    try {
      const plans = await planCopy(client, opened, { rules, migrationTables });
      const serverOnly = await tablesOfServerOnly(client, { migrationTables }, plans);
      const log = () => undefined;
      const tables = await back({
        client,
        helper,
        source: opened,
        file,
        scratch: this.folder,
        plans,
        rules,
        serverOnly,
        log,
      });
      return { file, tables };
    } finally {
      opened.close();
    }
  }

  /** Has the app's schema on both sides, and copies. */
  async run(schema: string, sqlite: string, rules?: readonly Rule[]): Promise<Copied> {
    await this.schema(schema);
    return this.copy(this.write(sqlite), rules);
  }

  /** A new SQLite file. With `log`, those statements stay in an unmerged write-ahead log beside it. */
  write(sqlite: string, log?: string): string {
    const file = this.file();
    writeSqlite(file, sqlite, log);
    return file;
  }

  /** How long the copy waits for a lock; production waits 10 s. */
  async setLockTimeout(duration: string): Promise<void> {
    await this.client.query(`SET lock_timeout = '${duration}'`);
  }

  query<T extends object = Record<string, unknown>>(sql: string): Promise<T[]> {
    return this.database.query<T>(sql);
  }
}
