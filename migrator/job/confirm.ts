import type { Client } from "pg";
import type { Config } from "./config";
import { connect, cutOff, endSession } from "../server/connection";
import { bounded, Deadline } from "../base/deadline";
import { Failed } from "../base/errors";
import { probe } from "../peer/exchange";
import { lastAttempt, recordConfirmed, type TableUses } from "../ledger/ledger";
import { loginOf } from "../server/login";
import { countUses, usedSince } from "../ledger/table-uses";
import { unmarkOnSource } from "../rollback/marker";
import { isWork, presence } from "../server/sessions";

/** Between two looks for a session; one that serves a single request lives for a few milliseconds. */
const sessionMilliseconds = 5;

/** What a run reports in its last line. */
export interface ConfirmReport {
  readonly pgmoor: "confirm";
  readonly service: string;
  readonly attempt: number;
  readonly outcome: "confirmed" | "skipped";
  /** Number of tables the app has used since the copy. */
  readonly tablesUsed: number;
  readonly seconds: number;
}

/**
 * The poststart task: waits until the app has used its tables in the target and answers at its health URL, then writes
 * `confirmed`. An answer alone proves nothing: an app may ignore the server and start on an empty file. Nor does a use alone:
 * an administrator's dump reads every table; so a session of the app's own role has to be seen, and at work if others are there.
 * @param allocationId that made the copy; another's copy is not confirmed.
 * @throws Failed at the deadline, saying which of them did not happen.
 */
export async function confirm(
  config: Config,
  allocationId: string | undefined,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<ConfirmReport> {
  const started = performance.now();
  const { confirmSeconds } = config.deadlines;
  const deadline = new Deadline(confirmSeconds);
  const sessions: Client[] = [];
  const work = async () => {
    const client = await connect(loginOf(process.env), { deadline, log });
    sessions.push(client);
    return confirmWith(client, config, allocationId, log, started, deadline);
  };
  try {
    return await bounded(
      work(),
      deadline,
      stop,
      `not confirmed within ${confirmSeconds} s: no connection to the server`,
    );
  } catch (error) {
    sessions.forEach(cutOff);
    throw error;
  } finally {
    await Promise.all(sessions.map(endSession));
  }
}

async function confirmWith(
  client: Client,
  config: Config,
  allocationId: string | undefined,
  log: (line: string) => void,
  started: number,
  deadline: Deadline,
): Promise<ConfirmReport> {
  const { service, health } = config;
  const seconds = () => Math.round(performance.now() - started) / 1000;
  const last = await lastAttempt(client);
  if (last === undefined) throw new Failed("this database has no ledger: the migrate task has not run");
  const { attempt } = last;
  if (last.state === "confirmed") {
    log(`attempt ${attempt} is already confirmed`);
    return { pgmoor: "confirm", service, attempt, outcome: "skipped", tablesUsed: 0, seconds: seconds() };
  }
  if (last.state !== "copied" || last.uses === null) {
    throw new Failed(`attempt ${attempt} is "${last.state}": there is no finished copy to confirm`);
  }
  if (allocationId !== undefined && last.allocation !== null && last.allocation !== allocationId) {
    throw new Failed(
      `attempt ${attempt} was copied by allocation ${last.allocation}, not by this one (${allocationId})`,
    );
  }
  const seen = new Watch(client, last.uses, health, log);
  const complaint = () => seen.complaint(deadline.seconds);
  // Side by side: an app that connects for each request is to be seen while it answers ours.
  await Promise.all([
    deadline.until(() => seen.all(), complaint),
    deadline.until(() => seen.aSession(), complaint, sessionMilliseconds),
  ]);
  await unmarkOnSource(config.snapshots);
  await recordConfirmed(client, attempt);
  const tablesUsed = seen.tables.length;
  return { pgmoor: "confirm", service, attempt, outcome: "confirmed", tablesUsed, seconds: seconds() };
}

/** The signs, each logged when it is first seen. */
class Watch {
  tables: string[] = [];
  private health: true | string = "not asked yet";
  private session = false;
  private worked = false;
  private others = false;
  private done = false;

  constructor(
    private readonly client: Client,
    private readonly before: TableUses,
    private readonly url: string,
    private readonly log: (line: string) => void,
  ) {}

  async all(): Promise<true | undefined> {
    const used = usedSince(this.before, await countUses(this.client));
    if (this.tables.length === 0 && used.length > 0) this.log(`${used.join(", ")} used since the copy`);
    this.tables = used;
    const health = await probe(this.url);
    if (this.health !== true && health === true) this.log(`the app answers at ${this.url}`);
    this.health = health;
    return (this.done = used.length > 0 && health === true && this.isTheApp) || undefined;
  }

  /** Ends once a session of the app has been seen at work, or nothing more is asked. */
  async aSession(): Promise<true | undefined> {
    const { own, others } = await presence(this.client);
    if (own[0] !== undefined && !this.session)
      this.log(`the app's role has an open session${own[0].name === "" ? "" : ` (${own[0].name})`}`);
    this.session ||= own.length > 0;
    this.worked ||= own.some(({ statement }) => isWork(statement));
    this.others ||= others > 0;
    return this.worked || this.done || undefined;
  }

  /**
   * Whether it was the app that used the tables. While others are in the database, it may have been one of them: an idle
   * session of the role and an administrator's `count(*)` are no use by the app, so one of its sessions has to be seen at work.
   */
  private get isTheApp(): boolean {
    return this.session && (this.worked || !this.others);
  }

  complaint(seconds: number): string {
    const answer =
      this.health === true
        ? "the app answers"
        : `the app does not answer 2xx at ${this.url} (${this.health})`;
    const joint = (this.health === true) === (this.tables.length > 0 && this.isTheApp) ? "and" : "but";
    return `not confirmed within ${seconds} s: ${answer}, ${joint} ${this.use()}`;
  }

  private use(): string {
    const advice = "Check that the image supports PostgreSQL and reads the variable with the DSN";
    const session = `${this.session ? "a" : "no"} session of the app's role was seen`;
    if (this.tables.length === 0) {
      return `it has not used the database: no table was read or written since the copy, ${session}. ${advice}`;
    }
    if (this.isTheApp) return "it has used the database";
    if (this.session)
      return `cannot tell who used ${this.tables.join(", ")}: other roles are connected to the database, and no session of the app's role was seen running a statement. ${advice}`;
    return `another client, not the app, used ${this.tables.join(", ")}: ${session}. ${advice}`;
  }
}
