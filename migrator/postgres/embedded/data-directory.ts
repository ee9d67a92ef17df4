/** The app's embedded PostgreSQL, as a data directory whose server has stopped. */
import type { Meeting, Moved, Moving, SourceInJob } from "../../moves/source";
import { sourceTask } from "../../peer/exchange";
import { DatabaseSource } from "../database-source";
import * as folder from "./data-folder";
import { moveEmbedded, type Database } from "./move-embedded";

export class DataDirectory extends DatabaseSource implements SourceInJob {
  readonly peer = sourceTask;

  /** @param untouched the app's record of its migrations. */
  constructor(
    private readonly database: Database,
    untouched: readonly string[],
  ) {
    super(untouched);
  }

  isThere(): Promise<boolean> {
    return folder.isThere(this.database.data);
  }

  fingerprint(): Promise<string | undefined> {
    return folder.fingerprint(this.database.data);
  }

  moveInJob(moving: Moving, meeting: Meeting): Promise<Moved> {
    return moveEmbedded(this.database, moving, meeting);
  }
}
