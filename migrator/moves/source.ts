/** What every kind of source does. Each kind implements this in its own folder; only the reader of a configuration or of an option names kinds. */
import type { Client } from "pg";
import type { Attempt, Copied, TableRecord } from "../ledger/ledger";
import type { RescuePlan } from "../ledger/rescue";
import type { Exchange, Peer } from "../peer/exchange";
import type { Run } from "../server/run";
import type { Reach } from "../server/target";
import type { CompareReport } from "./compare-report";

/** Where a service's data is. */
export interface Source {
  /** Which tables of the target a copy writes to. */
  readonly reach: Reach;
  /** Tables of the target that a copy leaves as they are, by name. */
  readonly untouched: readonly string[];
  isThere(): Promise<boolean>;
  /** What tells this source from a changed one; `undefined` when there is none. Only reads. */
  fingerprint(): Promise<string | undefined>;
  /**
   * Whether it still holds what was copied.
   * @param last with a fingerprint.
   */
  isAsCopied(run: Run, last: Attempt): Promise<boolean>;
  /**
   * Whether the target's tables still hold what was copied. A schema that has changed since is another one.
   * @param client on the target; ended by the caller.
   */
  targetIsAsCopied(
    run: Run,
    client: Client,
    recorded: Readonly<Record<string, TableRecord>>,
  ): Promise<boolean>;
}

/** One attempt to move a source. */
export interface Moving {
  readonly run: Run;
  /** The session that holds the lock. */
  readonly target: Client;
  /** Its number in the ledger. */
  readonly attempt: number;
  /** Folder of the backup volume. */
  readonly snapshots: string;
  /** How to keep the rows that the target holds, if there are any. */
  readonly rescue: RescuePlan | undefined;
}

/** What an attempt came to. */
export interface Moved extends Copied {
  readonly snapshot: string;
}

/** Where the other task of a job is met. */
export interface Meeting {
  readonly exchange: Exchange;
  /** Directory that the allocation's tasks share. */
  readonly shared: string;
}

/** A source that a job can move. */
export interface SourceInJob extends Source {
  /** The task beside the migrator. */
  readonly peer: Peer;
  /**
   * Snapshot, copy, proof, record. Ends the target's session.
   * @throws Refused or Failed; nothing is changed then unless `run.left` says so.
   */
  moveInJob(moving: Moving, meeting: Meeting): Promise<Moved>;
}

/** What a person wants done with rows that only the target has: dumped and replaced, or the move refused. */
export interface Replacing {
  readonly replace: boolean;
}

/** A source that a person can move, compare and try, without a job. */
export interface SourceByHand extends Source {
  /** Where its snapshots are kept unless a person says otherwise: a folder beside it, or the working directory. */
  readonly folder: string;
  /**
   * That the source is not the target itself. To be asked before anything else.
   * @throws Refused when it is.
   */
  requireOther(run: Run): Promise<void>;
  /**
   * That a move can be made. Changes nothing.
   * @throws Refused saying what stands in the way.
   */
  requireMovable(moving: Moving & Replacing): Promise<void>;
  /** As `moveInJob`. */
  moveByHand(moving: Moving & Replacing): Promise<Moved>;
  /**
   * What a move would come to. Writes nothing, neither rows nor ledger nor snapshot.
   * @throws Refused for what the move would refuse.
   */
  dryRun(moving: Moving & Replacing): Promise<Copied>;
  /** Compares source and target, table by table. Writes nothing. */
  compare(run: Run): Promise<CompareReport>;
}
