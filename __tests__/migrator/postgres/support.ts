import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Client } from "pg";
import { pgvectorPrograms } from "../../../lab/servers/pgvector";
import {
  asUnprivileged,
  sourceServerArguments,
  startPostgres,
  unprivileged,
} from "../../../lab/servers/postgres";
import type { TestServer } from "../../support/global-setup";
import type { Database } from "../support";
import { bothEnd, migratorBundle, schemaScript, start, type Cleanup, type Outcome } from "../support";

/*
 * Fixed facts of these tests.
 *
 * - Source and target are real servers of PostgreSQL with pgvector; the programs come from a Python wheel.
 * - A source is a data directory as its server left it when it was stopped in order; every test has a copy of its own.
 * - The server's image is played by its programs, which the source task runs through the real task-wrapper.sh, as a user of its own
 *   where the tests run as root: PostgreSQL refuses root.
 */

/** Of the source: the one that every server has. */
export const sourceDatabase = "postgres";

/** The programs, or `undefined` where they cannot be had: that is said, and the tests are skipped. */
export async function programsOrReason(): Promise<string | undefined> {
  return pgvectorPrograms(16).catch((error: Error) => {
    console.log(`skipped: PostgreSQL with pgvector and client programs cannot be had here: ${error.message}`);
    return undefined;
  });
}

/** Tests that need the programs, which are there or not once the tests run. */
export const testIf =
  (programs: () => string | undefined) =>
  (name: string, body: () => Promise<void>): void =>
    test(name, async () => {
      if (programs() !== undefined) await body();
    });

/** A server of its own, ended at the end. */
export async function startServer(
  cleanup: Cleanup,
  programs: string,
  directory = cleanup.folder(),
): Promise<TestServer & { directory: string; stop: () => Promise<void> }> {
  const password = randomBytes(9).toString("hex");
  fs.chmodSync(directory, 0o755);
  const server = await startPostgres({ directory, programs, password, fsync: false });
  cleanup.add(() => server.stop());
  const { host, port, user } = server;
  return { host, port, user, password, directory, stop: () => server.stop() };
}

export async function query<T extends object>(
  server: TestServer,
  database: string,
  sql: string,
): Promise<T[]> {
  const { host, port, user, password } = server;
  const client = new Client({ host, port, user, password, database });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A data directory that a server has left, and how its user gets in. */
export interface Source {
  readonly data: string;
  readonly password: string;
}

/**
 * Has a server make a source, once for all tests of a file.
 * @param look at it while its server is still there.
 */
export async function makeSource(
  cleanup: Cleanup,
  programs: string,
  sql: readonly string[],
  look: (client: Asked) => Promise<void>,
): Promise<Source> {
  const server = await startServer(cleanup, programs);
  const { host, port, user, password, directory } = server;
  const client = new Client({ host, port, user, password, database: sourceDatabase });
  await client.connect();
  for (const statements of sql) await client.query(statements);
  // As little as possible, since every test copies it: no other databases, and a small log.
  await client.query("UPDATE pg_database SET datistemplate = false");
  for (const other of ["template0", "template1"]) await client.query(`DROP DATABASE ${other}`);
  await look({ query: async <T extends object>(text: string) => (await client.query<T>(text)).rows });
  await client.end();
  await server.stop();
  const data = path.join(directory, "data");
  const resetWal = path.join(programs, "bin", "pg_resetwal");
  if (fs.existsSync(resetWal)) {
    const args = [resetWal, "--wal-segsize=1", data];
    const { code, stderr } = await start(cleanup, "env", [...asUnprivileged, ...args], {}).done;
    if (code !== 0) throw new Error(stderr);
  }
  return { data, password };
}

/** Anything that answers SQL with rows. */
export interface Asked {
  query<T extends object>(sql: string): Promise<T[]>;
}

/** A service with an embedded server: its volumes, its database, and its job's tasks, run by hand. */
export class EmbeddedService {
  readonly data: string;
  readonly snapshots: string;
  private readonly folder: string;
  private readonly config: string;
  allocation = "";

  constructor(
    private readonly cleanup: Cleanup,
    private readonly programs: string,
    readonly database: Database,
    private readonly source: Source,
  ) {
    this.folder = cleanup.folder();
    fs.chmodSync(this.folder, 0o755);
    this.data = path.join(this.folder, "data");
    this.snapshots = path.join(this.folder, "backup", "photos");
    this.config = path.join(this.folder, "config.json");
    fs.cpSync(source.data, this.data, { recursive: true });
    if (process.getuid?.() === 0) own(this.data);
    const config = {
      service: "photos",
      source: { kind: "postgres", data: this.data, user: "postgres", database: sourceDatabase },
      snapshots: this.snapshots,
      migrationTables: ["kysely_migrations"],
      health: "http://127.0.0.1:1/alive",
      deadlines: { migrateSeconds: 120, confirmSeconds: 5 },
    };
    fs.writeFileSync(this.config, JSON.stringify(config));
  }

  private environment(): Record<string, string> {
    return {
      PATH: `${path.join(this.clients ?? this.programs, "bin")}:${process.env.PATH}`,
      ...this.database.environment,
      PGMOOR_SOURCE_PASSWORD: this.source.password,
      NOMAD_ALLOC_DIR: this.allocation,
      NOMAD_ALLOC_ID: path.basename(this.allocation),
      NOMAD_TASK_DIR: this.folder,
    };
  }

  /** Where the client programs are, if they are others than the server's. */
  clients: string | undefined;

  /** Starts both prestart tasks in an allocation of their own, as the job's constructs have them run. */
  async start(): Promise<{ migrate: ReturnType<typeof start>; source: ReturnType<typeof start> }> {
    this.allocation = this.cleanup.folder();
    fs.chmodSync(this.allocation, 0o777);
    const bundle = await migratorBundle(this.cleanup);
    const environment = this.environment();
    const server = [
      ...asUnprivileged,
      path.join(this.programs, "bin", "postgres"),
      ...sourceServerArguments(this.allocation),
    ];
    const source = start(this.cleanup, "sh", [schemaScript, "120", "server", "--", ...server], {
      ...environment,
      PGDATA: path.join(this.allocation, "pgmoor-source"),
    });
    const migrate = start(
      this.cleanup,
      process.execPath,
      [bundle, "migrate", "--config", this.config],
      environment,
    );
    return { migrate, source };
  }

  async migrate(): Promise<Outcome & { source: Outcome }> {
    const { migrate, source } = await this.start();
    const [outcome, sourceOutcome] = await bothEnd(migrate, source);
    return { ...outcome, source: sourceOutcome };
  }

  ledger(): Promise<{ attempt: number; state: string; rescued: string | null }[]> {
    return this.database.query("SELECT attempt, state, rescued FROM pgmoor.ledger ORDER BY attempt");
  }

  /** Everything of the app's on the target, by name. */
  relations(): Promise<unknown[]> {
    return this.database.query(`
      SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'Odd schema')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1`);
  }

  /** Starts the original's own server, as the job before the cutover does. */
  async startEmbedded(): Promise<() => Promise<void>> {
    const { source } = this;
    const server = await startPostgres({
      directory: this.folder,
      programs: this.programs,
      password: source.password,
      fsync: false,
    });
    this.cleanup.add(() => server.stop());
    this.embedded = { host: server.host, port: server.port, user: server.user, password: source.password };
    return () => server.stop();
  }

  embedded: TestServer | undefined;
}

function own(folder: string): void {
  for (const name of ["", ...fs.readdirSync(folder, { recursive: true })]) {
    fs.chownSync(path.join(folder, String(name)), unprivileged.uid, unprivileged.gid);
  }
}

/** Every row of a database, one text a table. */
export async function contentOf(client: Asked): Promise<Record<string, string>> {
  await client.query("SET TimeZone = 'UTC'; SET search_path = ''");
  const tables = await client.query<{ name: string }>(`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'Odd schema')
    UNION ALL SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews ORDER BY 1`);
  const content: Record<string, string> = {};
  for (const { name } of tables) {
    const rows = await client.query<{ text: string }>(
      `SELECT count(*) || md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")) AS text FROM ${name} t`,
    );
    content[name] = rows[0]!.text;
  }
  await client.query("RESET search_path");
  return content;
}
