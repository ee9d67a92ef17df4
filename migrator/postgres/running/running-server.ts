/** The server of a source that a person keeps running while its app is stopped. */
import { createHash, randomInt } from "node:crypto";
import type { Client } from "pg";
import { connect, endSession, NotThere } from "../../server/connection";
import { sequencesOf, tablesOf, type Table } from "../catalog";
import { serverMajor } from "../fit";
import { originOf, type Origin } from "../origin";
import { seeAll } from "../session";
import { sumOf, type Sums } from "../sums";
import { Refused } from "../../base/errors";
import type { TableRecord } from "../../ledger/ledger";
import type { Run } from "../../server/run";
import type { DatabaseLogin } from "../../server/login";
import { explain, lockTables, requireNobody } from "./lock-source";

/** Its catalogue has all that ours asks for. */
const oldest = 12;

/** The source once nothing in it can change. */
export interface LockedSource {
  readonly client: Client;
  readonly major: number;
  /** Name of the snapshot by which it is read. */
  readonly snapshot: string;
}

/** Every table of the source, read once. */
export interface Content {
  readonly origin: Origin;
  readonly tables: ReadonlyMap<Table, TableRecord>;
  readonly sums: Sums;
  /** `sent:`, for the form of the checksums, and SHA-256 over tables, columns, counts, checksums and sequences. */
  readonly fingerprint: string;
}

/** Nothing is asked of the server before it is needed, and nothing twice. */
export class RunningServer {
  private session: Promise<Client> | undefined;
  private stopped: Promise<LockedSource> | undefined;
  private read: Promise<Content> | undefined;

  constructor(
    private readonly run: Run,
    readonly server: DatabaseLogin,
  ) {}

  /** As a person writes it. */
  get url(): string {
    const { PGUSER, PGHOST, PGPORT, PGDATABASE } = this.server.variables;
    return `postgresql://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
  }

  /** Whether there is such a server and database; a single try. */
  async isThere(): Promise<boolean> {
    try {
      await this.connected();
      return true;
    } catch (error) {
      if (!(error instanceof NotThere)) throw error;
      this.run.log(error.message);
      return false;
    }
  }

  /** What tells this source from a changed one; `undefined` when it is not there. */
  async fingerprint(): Promise<string | undefined> {
    return (await this.isThere()) ? (await this.content()).fingerprint : undefined;
  }

  /**
   * Has nobody write to the source from now until the run ends.
   * @throws Refused when somebody is there, or the role has not the rights.
   */
  locked(): Promise<LockedSource> {
    return (this.stopped ??= this.lock());
  }

  /** Reads and sums every table. */
  content(): Promise<Content> {
    return (this.read ??= this.sum());
  }

  /** @throws Refused when somebody is there again. */
  async requireNobody(): Promise<void> {
    await requireNobody((await this.locked()).client, this.run.deadline);
  }

  /** Whoever wants to write to it may. */
  async release(): Promise<void> {
    await endSession((await this.locked()).client);
  }

  /**
   * That the source is not the target itself, whatever names it goes by. To be asked first: what the target is asked from here
   * on would else be found in the source.
   * @throws Refused when it is.
   */
  async requireOther(): Promise<void> {
    if (!(await this.isThere())) return;
    const [source, target] = [await this.connected(), await this.run.session()];
    // A lock that one session takes, another sees in the same database and in no other.
    const key = randomInt(2 ** 47);
    await target.query("SELECT pg_advisory_lock($1)", [key]);
    const result = await source.query<{ other: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS other", [
      key,
    ]);
    if (!result.rows[0]?.other) throw new Refused("--source and --target are the same database");
    await endSession(target);
  }

  private connected(): Promise<Client> {
    return (this.session ??= connect(this.server).then((client) => seeAll(this.run.keep(client))));
  }

  private async lock(): Promise<LockedSource> {
    const client = await this.connected();
    const major = await serverMajor(client);
    if (major < oldest)
      throw new Refused(`the source runs PostgreSQL ${major}. The oldest supported version is ${oldest}`);
    const { rows } = await client.query<{ standby: boolean }>("SELECT pg_is_in_recovery() AS standby");
    if (rows[0]?.standby) throw new Refused("the source is a standby (read replica). Use its primary's URL");
    if ((await tablesOf(client)).length === 0)
      throw new Refused(`${this.url} has no tables. Check that it is the app's database`);
    await requireNobody(client, this.run.deadline);
    return { client, major, snapshot: await lockTables(client) };
  }

  private async sum(): Promise<Content> {
    const { client } = await this.locked();
    const origin = await originOf(client);
    const tables = new Map<Table, TableRecord>();
    const print = createHash("sha256");
    try {
      for (const table of await tablesOf(client)) {
        const begun = performance.now();
        this.run.log.bar?.(`${table.schema}.${table.name}: the server computes its checksum`);
        const record = await sumOf(client, table);
        tables.set(table, record);
        print.update(
          JSON.stringify([
            table.qualified,
            table.columns.map(({ name }) => name),
            record.rows,
            record.checksum,
          ]),
        );
        const seconds = ((performance.now() - begun) / 1000).toFixed(1);
        this.run.log(
          `${table.schema}.${table.name}: ${record.rows.toLocaleString("en-US")} rows, checksum computed in ${seconds} s`,
        );
      }
      print.update(JSON.stringify([...(await sequencesOf(client))]));
    } catch (error) {
      throw explain(error);
    }
    const known = new Map([...tables].map(([{ qualified }, record]) => [qualified, record]));
    const of = ({ qualified }: Table) => Promise.resolve(known.get(qualified)!);
    const sums = { of, rows: async (table: Table) => (await of(table)).rows };
    return { origin, tables, sums, fingerprint: `sent:${print.digest("hex")}` };
  }
}
