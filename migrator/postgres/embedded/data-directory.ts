/** The app's embedded PostgreSQL, as a data directory whose server has stopped. */
import type { Client } from "pg";
import type { Attempt, TableRecord } from "../../ledger/ledger";
import type { Meeting, Moved, Moving, SourceInJob } from "../../moves/source";
import { sourceTask } from "../../peer/exchange";
import type { Run } from "../../server/run";
import { databaseIsAsCopied } from "../as-copied";
import * as folder from "./data-folder";
import { moveEmbedded, type Database } from "./move-embedded";

export class DataDirectory implements SourceInJob {
  readonly reach = "owned";
  readonly peer = sourceTask;

  /** @param untouched the app's record of its migrations. */
  constructor(
    private readonly database: Database,
    readonly untouched: readonly string[],
  ) {}

  isThere(): Promise<boolean> {
    return folder.isThere(this.database.data);
  }

  fingerprint(): Promise<string | undefined> {
    return folder.fingerprint(this.database.data);
  }

  async isAsCopied(_run: Run, last: Attempt): Promise<boolean> {
    return (await this.fingerprint()) === last.fingerprint;
  }

  targetIsAsCopied(
    _run: Run,
    client: Client,
    recorded: Readonly<Record<string, TableRecord>>,
  ): Promise<boolean> {
    return databaseIsAsCopied(client, recorded);
  }

  moveInJob(moving: Moving, meeting: Meeting): Promise<Moved> {
    return moveEmbedded(this.database, moving, meeting);
  }
}
