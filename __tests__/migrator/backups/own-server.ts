/** A PostgreSQL of a test file's own, with its client programs. */
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pgvectorPrograms } from "../../../lab/servers/pgvector";
import { startPostgres, type PostgresServer } from "../../../lab/servers/postgres";
import { adminOf, asAdmin } from "../../../migrator/backups/admin";
import { dumpDatabase, dumpFile } from "../../../migrator/backups/dump";
import { databasesOf, type DatabaseManifest } from "../../../migrator/backups/manifest";

export const password = "of the test";

export class OwnServer {
  private constructor(
    readonly folder: string,
    readonly server: PostgresServer,
    private readonly before: string | undefined,
  ) {}

  /**
   * Starts it, and puts its programs into PATH.
   * @param program that the tests need, for the line that says why they are skipped
   * @returns `undefined` where the programs cannot be had
   */
  static async start(program: string, settings = {}): Promise<OwnServer | undefined> {
    const bin = await pgvectorPrograms(16).then(
      (programs) => path.join(programs, "bin"),
      (error: Error) => void console.log(`skipped: no ${program} here: ${error.message}`),
    );
    if (bin === undefined) return undefined;
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    const folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-own-"));
    await fs.chmod(folder, 0o755);
    const directory = path.join(folder, "server");
    const server = await startPostgres({ directory, password, fsync: false, settings });
    return new OwnServer(folder, server, before);
  }

  async stop(): Promise<void> {
    process.env.PATH = this.before;
    await this.server.stop();
    await fs.rm(this.folder, { recursive: true, force: true });
  }

  /** The admin's login. */
  get variables() {
    return {
      PGHOST: "127.0.0.1",
      PGPORT: String(this.server.port),
      PGUSER: "postgres",
      PGPASSWORD: password,
    };
  }

  /** Dumps a database into the folder. */
  async dump(name: string): Promise<DatabaseManifest> {
    const all = await asAdmin(adminOf(this.variables), databasesOf);
    await fs.mkdir(path.join(this.folder, "dumps"), { recursive: true });
    const properties = all.find((one) => one.name === name)!;
    return dumpDatabase(
      this.variables,
      properties,
      this.folder,
      dumpFile(name),
      new AbortController().signal,
    );
  }
}
