/** A PostgreSQL that a person keeps running while its app is stopped, as a source. */
import { Refused } from "../../base/errors";
import type { Copied } from "../../ledger/ledger";
import type { CompareReport } from "../../moves/compare-report";
import type { Moved, Moving, Replacing, SourceByHand } from "../../moves/source";
import type { DatabaseLogin } from "../../server/login";
import type { Run } from "../../server/run";
import { DatabaseSource } from "../database-source";
import { compareServers } from "./compare-servers";
import { dryRunRunning, moveRunning, requireReady } from "./move-running";
import { RunningServer } from "./running-server";

export class RunningSource extends DatabaseSource implements SourceByHand {
  readonly folder = "";
  private readonly server: RunningServer;

  /**
   * @param run whose sessions it opens.
   * @param untouched the app's record of its migrations.
   */
  constructor(run: Run, login: DatabaseLogin, untouched: readonly string[]) {
    super(untouched);
    this.server = new RunningServer(run, login);
  }

  isThere(): Promise<boolean> {
    return this.server.isThere();
  }

  fingerprint(): Promise<string | undefined> {
    return this.server.fingerprint();
  }

  requireOther(): Promise<void> {
    return this.server.requireOther();
  }

  async requireMovable(moving: Moving & Replacing): Promise<void> {
    requireReplaceable(moving);
    await requireReady(moving.run, this.server, moving.target);
  }

  moveByHand(moving: Moving): Promise<Moved> {
    return moveRunning(this.server, moving);
  }

  async dryRun(moving: Moving & Replacing): Promise<Copied> {
    requireReplaceable(moving);
    return dryRunRunning(this.server, moving);
  }

  compare(run: Run): Promise<CompareReport> {
    return compareServers(run, this.server);
  }
}

function requireReplaceable({ rescue, replace, snapshots }: Moving & Replacing): void {
  if (rescue === undefined || replace) return;
  throw new Refused(
    `the app's tables in the target already have rows. --replace dumps them into ${snapshots}, and then replaces them`,
  );
}
