import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Client } from "pg";
import { migrationTableNames } from "../services/rules";
import type { Config } from "./config";
import { connect, cutOff, endSession } from "./connection";
import { copy } from "./copy";
import { bounded, Deadline } from "./deadline";
import { decide } from "./decide";
import { Failed, messageOf, Refused } from "./errors";
import { Exchange, probe } from "./exchange";
import { findings } from "./findings";
import { begin, lastAttempt, recordKept, recordSnapshot, recordUses, type Rescued } from "./ledger";
import { planCopy } from "./plan";
import { rescue } from "./rescue";
import { fingerprint, scratchCopy, takeSnapshot } from "./snapshot";
import { SqliteSource } from "./sqlite";
import { countUses, otherSessions, requireCounters, usesAfterCopy } from "./uses";

/** What a run reports in its last line. */
export interface MigrateReport {
  readonly pgmoor: "migrate";
  readonly service: string;
  readonly attempt: number;
  readonly outcome: "verified" | "skipped";
  readonly rows: number;
  readonly bytes: number;
  readonly tables: number;
  readonly roundedFractions: number;
  readonly snapshot: string | null;
  readonly seconds: number;
}

/** What the run is told by Nomad; each by its variable NOMAD_…. */
export interface Allocation {
  /** Directory that the allocation's tasks share. */
  readonly shared: string;
  readonly id: string | undefined;
  /** The task's own directory, for the scratch copy. Default the system's temporary directory. */
  readonly scratch: string | undefined;
}

/** Key of the advisory lock that keeps a second migrator away from the same database. */
const lockKey = 7_364_827_104;

/**
 * The prestart task: decides by the ledger, snapshots the source, has the app build its schema, copies, verifies, records.
 * @param stop aborts when the task is told to end.
 * @throws Refused or Failed, saying what is left in the app's tables. The source is as before in any case.
 */
export async function migrate(
  config: Config,
  allocation: Allocation,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<MigrateReport> {
  const run = new MigrateRun(config, allocation, log);
  try {
    const late = `not done within ${config.deadlines.migrateSeconds} s`;
    return await bounded(run.start(), run.deadline, stop, late);
  } catch (error) {
    await run.abandon();
    throw run.left === undefined
      ? error
      : error instanceof Refused
        ? new Refused(error.message, run.left)
        : new Failed(messageOf(error), run.left);
  } finally {
    await run.close();
  }
}

class MigrateRun {
  readonly deadline: Deadline;
  /** What an error leaves behind, once something has changed. */
  left: string | undefined;
  private readonly started = performance.now();
  private readonly scratch: string;
  private readonly sessions: Client[] = [];
  private exchange: Exchange;

  constructor(
    private readonly config: Config,
    private readonly allocation: Allocation,
    private readonly log: (line: string) => void,
  ) {
    this.deadline = new Deadline(config.deadlines.migrateSeconds);
    this.exchange = new Exchange(allocation.shared, 0, this.deadline);
    if (allocation.scratch === undefined) this.scratch = fs.mkdtempSync(path.join(os.tmpdir(), "pgmoor-"));
    else {
      // A run that was killed could not remove its own.
      this.scratch = path.join(allocation.scratch, "pgmoor-scratch");
      fs.rmSync(this.scratch, { recursive: true, force: true });
    }
  }

  async start(): Promise<MigrateReport> {
    const { config } = this;
    const client = await this.session();
    await this.lock(client);
    await requireCounters(client);
    const last = await lastAttempt(client);
    if (last !== undefined && last.service !== config.service) {
      throw new Refused(
        `this database is recorded as that of service "${last.service}", not "${config.service}"`,
      );
    }
    // What a session of the app has done counts only once it has ended; and nobody may write to what is about to be dumped.
    if (last !== undefined && last.state !== "confirmed") await this.requireAlone(client);
    const decision = decide(await findings(client, config, last));
    this.log(
      `${last === undefined ? "no attempt before" : `last attempt ${last.attempt}: ${last.state}`}; ${decision.why}`,
    );
    if (decision.act === "refuse") throw new Refused(decision.why);
    if (decision.act !== "copy") {
      if (decision.act === "keep" && last !== undefined) {
        await recordKept(client, last.attempt, this.allocation.id, await countUses(client));
      }
      await this.exchange.skip();
      return this.report(last?.attempt ?? 0, "skipped", undefined, 0, null);
    }
    const number = (last?.attempt ?? 0) + 1;
    const rescued =
      decision.rescue && last !== undefined ? await this.rescue(client, last.attempt) : undefined;
    await begin(client, { number, service: config.service, allocation: this.allocation.id, rescued });
    if (rescued !== undefined) {
      this.left = `the source as it was, the app's tables on the server empty, what they held in ${rescued.folder}`;
    }
    this.exchange = new Exchange(this.allocation.shared, number, this.deadline);
    return this.attempt(client, number);
  }

  /** Tells the schema task that there is nothing to wait for. */
  async abandon(): Promise<void> {
    for (const session of this.sessions) cutOff(session);
    await this.exchange.abort();
  }

  async close(): Promise<void> {
    // SQLite may still be reading when the run is abandoned: the process closes its file.
    fs.rmSync(this.scratch, { recursive: true, force: true });
    await Promise.all(this.sessions.map(endSession));
  }

  private async attempt(client: Client, number: number): Promise<MigrateReport> {
    const { config, deadline } = this;
    const { file } = config.source;
    const snapshot = await takeSnapshot(file, config.snapshots, number);
    await recordSnapshot(client, number, snapshot);
    this.log(`snapshot of ${snapshot.bytes} bytes in ${snapshot.folder}`);
    const source = SqliteSource.open(await scratchCopy(snapshot, this.scratch), file);
    await this.buildSchema();
    await this.requireAlone(client);
    const plans = await planCopy(client, source, config);
    const helper = await this.session();
    const before = await countUses(helper);
    const next = "the next try copies the source anew, and dumps what the app's tables hold then";
    const copied = await copy({
      client,
      helper,
      source,
      plans,
      rules: config.rules,
      attempt: number,
      requireSameSource: () => this.requireSameSource(snapshot.fingerprint),
      committing: () => (this.left = `the copy may be committed (the ledger shows it); ${next}`),
      log: this.log,
    });
    this.left = `the copy is committed, and not confirmed; ${next}`;
    await client.end();
    const uses = await usesAfterCopy(helper, before, plans, copied, deadline);
    await recordUses(helper, number, { uses, writes: await countUses(helper, "writes") });
    return this.report(number, "verified", copied, plans.length, snapshot.folder);
  }

  private async session(): Promise<Client> {
    const client = await connect({ deadline: this.deadline, log: this.log });
    this.sessions.push(client);
    return client;
  }

  /** A session that was cut off may still be rolling back: that is worth a moment. */
  private async lock(client: Client): Promise<void> {
    await this.deadline.within(10).until(
      async () => {
        const result = await client.query<{ got: boolean }>("SELECT pg_try_advisory_lock($1) AS got", [
          lockKey,
        ]);
        return result.rows[0]?.got ? true : undefined;
      },
      () => "another migrator is at work on this database",
    );
  }

  private async requireSameSource(copied: string): Promise<void> {
    const { file } = this.config.source;
    if ((await fingerprint(file)) === copied) return;
    throw new Refused(
      `${file} has changed since its snapshot: something still writes to it. Stop whatever else uses the file, and run the cutover again`,
    );
  }

  private async rescue(client: Client, attempt: number): Promise<Rescued> {
    const { snapshots, migrationTables } = this.config;
    const rescued = await rescue(client, snapshots, attempt, migrationTableNames(migrationTables));
    this.log(
      `what the app's tables hold now is kept in ${rescued.folder}; the copy replaces it. Look there for rows that are missed`,
    );
    return rescued;
  }

  private async buildSchema(): Promise<void> {
    const { schema } = this.config;
    const started = performance.now();
    await this.exchange.build(
      schema.kind === "app" ? async () => (await probe(schema.health)) === true : undefined,
    );
    this.log(`the app has built its schema in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }

  /** The run that built the schema has ended; its sessions follow, and their counts are in then. */
  private async requireAlone(client: Client): Promise<void> {
    let others: string[] = [];
    await this.deadline.within(10).until(
      async () => ((others = await otherSessions(client)).length === 0 ? true : undefined),
      () =>
        `${others.length} other session(s) of this role are in the database (${others.join(", ")}): stop what uses it`,
    );
  }

  private report(
    attempt: number,
    outcome: MigrateReport["outcome"],
    copied: { rows: number; bytes: number; roundedFractions: number } | undefined,
    tables: number,
    snapshot: string | null,
  ): MigrateReport {
    const { rows = 0, bytes = 0, roundedFractions = 0 } = copied ?? {};
    const seconds = Math.round(performance.now() - this.started) / 1000;
    const { service } = this.config;
    return {
      pgmoor: "migrate",
      service,
      attempt,
      outcome,
      rows,
      bytes,
      tables,
      roundedFractions,
      snapshot,
      seconds,
    };
  }
}
