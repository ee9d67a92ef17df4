/** The first step of every move: what is to be done, by the ledger and by what the two sides hold. */
import type { Client } from "pg";
import { Refused } from "../base/errors";
import { confirmed, decide, type Decision } from "../ledger/decide";
import { lastAttemptOf, type Attempt } from "../ledger/ledger";
import type { RescuePlan } from "../ledger/rescue";
import { requireCounters } from "../ledger/table-uses";
import type { Run } from "../server/run";
import { findings } from "./findings";
import type { Source } from "./source";

export interface DecidedMove {
  /** The session that holds the lock. */
  readonly client: Client;
  readonly last: Attempt | undefined;
  readonly decision: Exclude<Decision, { act: "refuse" }>;
}

/** Who asks. */
export interface Asking {
  /** A person, who may say what is to become of rows that the ledger knows nothing of. In a job they are refused. */
  readonly byHand?: boolean;
  /** Nothing is to be written: who else is in the database does not matter yet. */
  readonly dry?: boolean;
}

/**
 * Connects, locks, and decides by the ledger. Changes nothing.
 * @throws Refused when there is nothing to be done without a person.
 */
export async function decideMove(
  run: Run,
  service: string,
  source: Source,
  { byHand = false, dry = false }: Asking = {},
): Promise<DecidedMove> {
  const client = await run.session();
  if (dry) await client.query("SET default_transaction_read_only = on");
  await run.lock(client);
  await requireCounters(client);
  const last = await lastAttemptOf(client, service);
  const decision =
    last?.state === "confirmed"
      ? confirmed
      : await decideByFindings(run, client, source, last, { byHand, dry });
  run.log(
    `${last === undefined ? "no previous attempt" : `last attempt ${last.attempt}: ${last.state}`}; ${decision.why}`,
  );
  if (decision.act === "refuse") throw new Refused(decision.why);
  if (decision.act === "return" && byHand)
    throw new Refused(
      `attempt ${last?.attempt} is being rolled back by a deployment that has not finished. Deploy the service again, or run \`pgmoor-migrator ledger --roll-back\` to copy its source again`,
    );
  return { client, last, decision };
}

async function decideByFindings(
  run: Run,
  client: Client,
  source: Source,
  last: Attempt | undefined,
  { byHand, dry }: Required<Asking>,
): Promise<Decision> {
  // What a session of the app has done counts only once it has ended.
  if (!dry && last !== undefined) await run.requireAlone(client);
  const found = await findings(run, client, source, last);
  return byHand && last === undefined && found.targetHasRows
    ? ({ ...decide({ ...found, targetHasRows: false }), rescue: true } as Decision)
    : decide(found);
}

/** Where the rows of the attempt before are kept. */
export function rescueOf(snapshots: string, { reach }: Source, attempt: number): RescuePlan {
  return { snapshots, attempt: attempt - 1, reach };
}
