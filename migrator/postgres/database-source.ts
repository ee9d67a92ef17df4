import type { Client } from "pg";
import type { Attempt, TableRecord } from "../ledger/ledger";
import type { Source } from "../moves/source";
import type { Run } from "../server/run";
import { databaseIsAsCopied } from "./as-copied";

/** What the two kinds of a PostgreSQL source have in common: a directory whose server has stopped, and a running server. */
export abstract class DatabaseSource implements Source {
  readonly reach = "owned";

  /** @param untouched the app's record of its migrations. */
  constructor(readonly untouched: readonly string[]) {}

  abstract isThere(): Promise<boolean>;

  abstract fingerprint(): Promise<string | undefined>;

  async isAsCopied(_run: Run, last: Attempt): Promise<boolean> {
    return (await this.fingerprint()) === last.fingerprint;
  }

  targetIsAsCopied(
    run: Run,
    client: Client,
    recorded: Readonly<Record<string, TableRecord>>,
  ): Promise<boolean> {
    return databaseIsAsCopied(client, recorded, run.log);
  }
}
