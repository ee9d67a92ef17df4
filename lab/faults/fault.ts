/** What a fault is, and what it says of a service. Each fault is a file of its own in this folder; `index.ts` lists them. */
import type { Side } from "../story/services";
import type { SqliteService } from "../story/sqlite-source";
import type { Bench } from "./bench";
import type { Standing, Subject } from "./subjects";

export interface Fault {
  /** As `npm run lab -- faults NAME` takes it. */
  readonly name: string;
  /** What happens, in a line for `--list`. */
  readonly about: string;
  /** Which services it strikes. All of them are struck at once. */
  readonly strikes: readonly Standing[];
  /** It strikes one service of its own, of this kind, prepared and on SQLite: it can run beside others that do. @default it does not */
  readonly own?: SqliteService["sample"];
  /** Where a service has its data afterwards. `either`: what is told holds for both. @default where it had it before */
  readonly endsOn?: Side | "either";
  /** Rows that the server has are given up on purpose: they are counted, and no reason to complain. @default false */
  readonly discards?: boolean;
  /** Seconds a service may take from `inject`'s end (or the moment that it returns) to its first acknowledged row. @default 60 */
  readonly withinSeconds?: number;
  /** The longest time that a service may take to acknowledge the next row, all the while. @default any */
  readonly silentForSeconds?: number;
  /** Whether it takes only seconds: those run in `npm run lab`, too. @default false */
  readonly quick?: boolean;
  /**
   * Does the damage, waits until it is done (an old allocation may go on answering for a while), and brings back what a
   * service needs. Services are written to all the while.
   * @returns when the last of what they need was back, of `performance.now()` @default when it ends
   */
  inject(bench: Bench, struck: readonly Subject[]): Promise<number | void>;
  /** Puts the lab in order for the next fault, whatever came of this one. @default nothing */
  tidy?(bench: Bench, struck: readonly Subject[]): Promise<void>;
}

/** What came of a fault for a service: the line on stdout, whose fields others read. */
export interface Result {
  readonly fault: string;
  readonly service: string;
  readonly endedOn: Side;
  /** Rows that the service had acknowledged, and has no more. */
  readonly rowsLost: number;
  /** Null: it did not come back by itself. */
  readonly healthyAfterSeconds: number | null;
  /** The longest time without a successful request, from before the fault until the service was back. */
  readonly longestSilenceSeconds: number;
  /** Whether somebody had to purge its job and deploy it anew. */
  readonly byHand: boolean;
  /** Versions of its secret that were deleted or destroyed, and stayed so. */
  readonly secretVersionsLost: number;
  /** The password in Vault is not the one of its role. */
  readonly lockedOut: boolean;
  /** What deploys did: went through, or stopped, with what they said. Absent: the fault deploys nothing. */
  readonly deploys?: readonly string[];
}

export const withinSeconds = ({ withinSeconds = 60 }: Fault): number => withinSeconds;

/** What is worse than it should be; empty when nothing is. */
export function complaints(fault: Fault, result: Result, { endsOn }: Pick<Subject, "endsOn">): string[] {
  const { endedOn, rowsLost, healthyAfterSeconds, longestSilenceSeconds, byHand } = result;
  const { secretVersionsLost, lockedOut } = result;
  const wanted = fault.endsOn ?? endsOn;
  const allowed = withinSeconds(fault);
  return [
    ...(endedOn === wanted || wanted === "either" ? [] : [`ended on the ${endedOn}, not on the ${wanted}`]),
    ...(rowsLost === 0 || fault.discards ? [] : [`${rowsLost} acknowledged rows lost`]),
    ...(secretVersionsLost === 0 ? [] : [`${secretVersionsLost} versions of its secret lost`]),
    ...(lockedOut ? ["its role does not accept the password in Vault"] : []),
    ...(byHand ? ["did not come back by itself"] : []),
    ...(healthyAfterSeconds !== null && healthyAfterSeconds > allowed
      ? [`took longer than ${allowed} s`]
      : []),
    ...(longestSilenceSeconds > (fault.silentForSeconds ?? Infinity)
      ? [`accepted no row for ${longestSilenceSeconds} s, longer than ${fault.silentForSeconds} s`]
      : []),
  ];
}
