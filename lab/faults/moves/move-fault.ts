/** A move in which one thing goes wrong. Each strikes a service of its own; once it is mended, the same deploy goes through. */
import type { LabService, Outcome } from "../../deployment";
import { expectSuccess, expectThat, tail } from "../../story/expectations";
import { databaseOf } from "../../story/context";
import { ask, waitForAnswer } from "../../story/services";
import type { SqliteService } from "../../story/sqlite-source";
import type { Bench } from "../bench";
import { expectDocumented } from "../documented";
import type { Fault } from "../fault";
import { deployed, failedBack, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";

type Step = (bench: Bench, subject: SqliteSubject) => Promise<unknown>;

export interface MoveFault {
  readonly name: string;
  readonly about: string;
  /** It strikes more than one service: no other runs beside it. @default it has a service of its own */
  readonly alone?: true;
  /** @default "vaultwarden" */
  readonly sample?: SqliteService["sample"];
  /** Before the deploy. @default nothing */
  readonly spoil?: Step;
  /** What the environment says of the service, besides its phase. @default nothing */
  readonly change?: Partial<LabService>;
  /** While the deploy runs. @default nothing */
  readonly meanwhile?: Step;
  /** Brings back what the service needs on its source. @default nothing */
  readonly restore?: Step;
  /** The task that fails, and what it prints. Or what the deploy says, when it stops before. */
  readonly fails:
    { readonly task: "migrate" | "schema" | "confirm"; readonly says: RegExp } | { readonly deploy: RegExp };
  /** Makes the same deploy go through, besides taking `change` back. @default nothing */
  readonly mend?: Step;
  /** @default 20 */
  readonly withinSeconds?: number;
  readonly quick?: boolean;
}

export function moveFault(fault: MoveFault): Fault {
  const { name, about, sample = "vaultwarden", spoil, change, meanwhile, restore, fails, mend } = fault;
  return {
    name,
    about,
    ...(fault.alone ? { strikes: ["prepared"] as const } : { strikes: [], own: sample }),
    endsOn: "source",
    withinSeconds: fault.withinSeconds ?? 20,
    quick: fault.quick === true,
    async inject(bench, struck) {
      const subject = onSqlite(struck)[0]!;
      await spoil?.(bench, subject);
      const moving = deployed(bench, subject, { ...moves, ...change });
      await Promise.all([moving, meanwhile?.(bench, subject)]);
      const outcome = await moving;
      await restore?.(bench, subject);
      if ("deploy" in fails) return stopped(bench, subject, outcome, fails.deploy);
      const since = await failedBack(bench, subject, outcome, { ...fails, to: "source" });
      // What the service needs may have been brought back after its task had failed.
      return restore === undefined ? since : undefined;
    },
    async tidy(bench, struck) {
      const subject = onSqlite(struck)[0]!;
      await mend?.(bench, subject);
      const back = Object.fromEntries(
        Object.keys(change ?? {}).map((key) => [key, subject.service[key as "name"]]),
      );
      expectSuccess(
        await deployed(bench, subject, { ...moves, ...back }),
        `${name}: the same deploy, after the correction,`,
      );
      await waitForAnswer(subject.service, "server", 30);
      await expectConfirmed(bench, subject);
      bench.say(`${name}: corrected, and the same deploy went through`);
      if (fault.alone) await toSource(bench, subject);
    },
  };
}

function stopped(bench: Bench, { service }: SqliteSubject, outcome: Outcome, says: RegExp): void {
  const text = outcome.output.replace(/[\s│]+/g, " ");
  expectThat(
    !outcome.succeeded && says.test(text),
    `the deploy should have said ${says.source}`,
    tail(outcome),
  );
  expectDocumented(says.exec(text)![0]);
  bench.tell(`${service.name}: ${says.exec(text)![0]}`);
}

/** Prepared again, with every row. */
export async function toSource(bench: Bench, subject: SqliteSubject): Promise<void> {
  const { service } = subject;
  const { from } = await ask(service);
  if (from === "server") {
    await expectConfirmed(bench, subject);
    expectSuccess(await deployed(bench, subject, goesBack), `the rollback of ${service.name}`);
    await waitForAnswer(service, "source", 30);
  }
  expectSuccess(
    await deployed(bench, subject, { phase: "prepared", rollback: undefined }),
    `the deploy of ${service.name} as prepared`,
  );
  await bench.steady(subject);
}

/** The server is where the data is, verified. */
export async function expectConfirmed(bench: Bench, { service }: SqliteSubject): Promise<void> {
  const state = await ledgerState(bench, service);
  expectThat(state === "confirmed", `the ledger of ${service.name} says ${state}, not confirmed`);
}

/** Of the last attempt; undefined without a ledger. */
export async function ledgerState(bench: Bench, service: LabService): Promise<string | undefined> {
  return (await lastAttempt(bench, service))?.state;
}

export interface LedgerAttempt {
  readonly attempt: number;
  readonly state: string;
  /** Where its rows on the server were kept before the next attempt replaced them. */
  readonly rescued: string | null;
}

/** @param before how many attempts before the last one */
export function lastAttempt(
  bench: Bench,
  service: LabService,
  before = 0,
): Promise<LedgerAttempt | undefined> {
  return bench.asAdmin(databaseOf(service), async (client) => {
    const there = await client.query<{ there: boolean }>(
      "SELECT to_regclass('pgmoor.ledger') IS NOT NULL AS there",
    );
    if (!there.rows[0]!.there) return undefined;
    const { rows } = await client.query<LedgerAttempt>(
      "SELECT attempt, state, rescued FROM pgmoor.ledger ORDER BY attempt DESC LIMIT 1 OFFSET $1",
      [before],
    );
    return rows[0];
  });
}
