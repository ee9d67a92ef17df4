/** A server of the central server's image on restored data, in the task beside ours; only this allocation reaches it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Deadline } from "../base/deadline";
import { Failed, messageOf } from "../base/errors";
import { Exchange, type Peer } from "../peer/exchange";
import type { Log } from "../base/progress";
import type { DatabaseLogin } from "../server/login";
import { asAdmin, adminOf } from "./admin";

const peer: Peer = {
  task: "server",
  ended:
    "the server did not start on the restored data, or the WAL ends before the wanted time: the log of the server task says which",
  late: "the server did not reach the wanted point within the deadline",
};

/** A restore replays as much WAL as there is. */
const seconds = 12 * 3600;

/** Nobody but the allocation's tasks can open the socket's folder. */
const hba = "local all all trust\n";

export class ScratchServer {
  private readonly exchange: Exchange;
  private readonly folder: string;

  /** @param allocation NOMAD_ALLOC_DIR */
  constructor(
    allocation: string,
    private readonly user: string,
    private readonly log: Log,
  ) {
    this.exchange = new Exchange(allocation, 1, new Deadline(seconds), peer);
    this.folder = path.join(allocation, "pgmoor");
    fs.writeFileSync(path.join(this.folder, "pg_hba.conf"), hba, { mode: 0o644 });
  }

  /** Tells the task that there is nothing for it to do. */
  skip(): Promise<void> {
    return this.exchange.skip();
  }

  abort(): Promise<void> {
    return this.exchange.abort();
  }

  /** As libpq finds it. */
  get variables(): DatabaseLogin["variables"] {
    return { PGHOST: this.folder, PGPORT: "5432", PGUSER: this.user, PGSSLMODE: "disable" };
  }

  /**
   * Starts it, does the work once it has recovered and takes sessions, and stops it.
   * @throws what the work throws; Failed when it does not start
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let done: { readonly value: T } | undefined;
    let failure: unknown;
    let begun = false;
    const finished = async (): Promise<boolean> => {
      if (begun) return done !== undefined || failure !== undefined;
      if (!(await this.answers())) return false;
      begun = true;
      this.log("the restored server runs");
      work().then(
        (value) => (done = { value }),
        (error: unknown) => (failure = error ?? new Failed("unknown")),
      );
      return false;
    };
    await this.exchange.build(finished);
    if (done !== undefined) return done.value;
    throw failure instanceof Error ? failure : new Failed(peer.ended);
  }

  private async answers(): Promise<boolean> {
    try {
      return await asAdmin(adminOf(this.variables), async (client) => {
        const { rows } = await client.query<{ ready: boolean }>("SELECT NOT pg_is_in_recovery() AS ready");
        return rows[0]!.ready;
      });
    } catch (error) {
      if (/ role "[^"]*" does not exist/.test(messageOf(error))) throw error;
      return false;
    }
  }
}
