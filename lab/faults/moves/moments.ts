/** Moments of a move and of a rollback. What is under way waits there, so that a blow lands in that moment and in no other. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LabService } from "../../deployment";
import { programsDestination } from "../../servers/host-folders";
import type { Bench } from "../bench";
import type { SqliteSubject } from "../steps";
import { closeGate, openGate, waitsAtGate } from "./gate";
import { lastAttempt } from "./move-fault";
import { plant, uproot, type Plant } from "./plants";

export interface Moment {
  /** For the fault's name: `in-the-copy`. */
  readonly name: string;
  /** For its description: `in the middle of the copy`. */
  readonly words: string;
  /** Has what comes to this moment wait. @returns what the environment has to say for it, besides the phase */
  readonly hold: (bench: Bench, subject: SqliteSubject) => Promise<Partial<LabService>>;
  /** @param before the last attempt before the deploy, 0 for none */
  readonly isThere: (bench: Bench, subject: SqliteSubject, before: number) => Promise<boolean>;
  readonly letGo: (bench: Bench, subject: SqliteSubject) => Promise<unknown>;
  /** Removes what made it wait, and changes the environment back. Nothing runs there any more. */
  readonly tidy: (bench: Bench, subject: SqliteSubject) => Promise<unknown>;
}

/** A statement waits in the database. */
function inDatabase(name: string, words: string, what: Plant): Moment {
  return {
    name,
    words,
    async hold(bench, subject) {
      await plant(what)(bench, subject);
      await closeGate(bench, subject);
      return {};
    },
    isThere: async (bench, subject) => (await waitsAtGate(bench, subject)) !== undefined,
    letGo: (_bench, subject) => openGate(subject),
    tidy: uproot,
  };
}

/** The app runs and fails every request, so that it cannot be confirmed. It acknowledges no row meanwhile. */
function beforeConfirmed(
  name: string,
  words: string,
  backend: "postgresql" | "sqlite",
  { state, least }: { readonly state: string; readonly least: "a new attempt" | "the last attempt" },
): Moment {
  const file = ({ lab }: Bench, { service }: SqliteSubject) =>
    path.join(lab.programs, `hold-${service.name}`);
  const remove = (bench: Bench, subject: SqliteSubject) => fs.rm(file(bench, subject), { force: true });
  return {
    name,
    words,
    async hold(bench, subject) {
      await fs.writeFile(file(bench, subject), "");
      return {
        environment: {
          PGMOOR_LAB_FAULT: `broken-on-${backend}`,
          PGMOOR_LAB_FAULT_FILE: path.join(programsDestination, path.basename(file(bench, subject))),
        },
      };
    },
    async isThere(bench, { service }, before) {
      const last = await lastAttempt(bench, service);
      const first = least === "a new attempt" ? before + 1 : before;
      return last !== undefined && last.attempt >= first && last.state === state;
    },
    letGo: remove,
    async tidy(bench, subject) {
      await remove(bench, subject);
      await bench.deployment.edit([subject.service.name], { environment: subject.service.environment });
    },
  };
}

export const moments = {
  atTheStart: inDatabase("at-the-start", "at the start", "held schema"),
  inTheCopy: inDatabase("in-the-copy", "in the middle of the copy", "held copy"),
  /** All rows are in. */
  beforeTheCommit: inDatabase("before-the-commit", "before the commit", "held end"),
  afterTheCommit: beforeConfirmed(
    "after-the-commit",
    "after the commit, before the app is confirmed,",
    "postgresql",
    { state: "copied", least: "a new attempt" },
  ),
  /** A rollback has the number of the move that it takes back. */
  afterTheSwap: beforeConfirmed(
    "after-the-swap",
    "once the source is replaced, before the app is confirmed,",
    "sqlite",
    { state: "rolling-back", least: "the last attempt" },
  ),
} as const;
