/** What strikes a move or a rollback while it is under way, and the moments at which it does. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { seal, unseal } from "../../servers/vault";
import { waitFor } from "../../servers/wait";
import type { Outcome } from "../../deployment";
import type { Bench } from "../bench";
import type { SqliteSubject } from "../steps";
import { lastAttempt } from "./move-fault";
import { runs } from "./plants";

/** Resolves when it has come. @param before the last attempt before the deploy, 0 for none */
export type Moment = (bench: Bench, subject: SqliteSubject, before: number) => Promise<unknown>;

/** Of an attempt of this deploy; a rollback has the number of the move that it takes back. */
const ledgerSays =
  (state: string, least: "a new attempt" | "the last attempt"): Moment =>
  (bench, { service }, before) => {
    const wait = {
      what: `the ledger of ${service.name} says ${state}`,
      deadlineSeconds: 120,
      everyMs: 10,
    };
    return waitFor(wait, async () => {
      const last = await lastAttempt(bench, service);
      const first = least === "a new attempt" ? before + 1 : before;
      return last !== undefined && last.attempt >= first && last.state === state;
    });
  };

export const moments = {
  /** The snapshot is being taken, or the app builds its schema. */
  started: ledgerSays("started", "a new attempt"),
  /** A row after the other comes in. */
  inTheCopy: ((bench, subject) => runs(bench, subject, /^COPY .*ciphers/)) satisfies Moment,
  /** All rows are in, and nothing is committed. */
  beforeCommit: ((bench, subject) => runs(bench, subject, /ADD CONSTRAINT/)) satisfies Moment,
  copied: ledgerSays("copied", "a new attempt"),
  /** The source has been replaced, and the app has not answered on it. */
  rollingBack: ledgerSays("rolling-back", "the last attempt"),
} as const;

export interface Blow {
  /** For the fault's name: `nomad-client-killed`. */
  readonly name: string;
  /** For its description: `Nomad's client is killed`. */
  readonly about: string;
  readonly strike: (bench: Bench) => Promise<unknown>;
  /** Brings it back. @param moving the deploy, which goes on meanwhile */
  readonly restore: (bench: Bench, moving: Promise<Outcome>) => Promise<unknown>;
}

const kill = { signal: "SIGKILL" } as const;

export const postgresKilled: Blow = {
  name: "postgres-killed",
  about: "PostgreSQL is killed",
  strike: ({ booted }) => booted.servers.postgres!.kill(),
  restore: (bench) => bench.restore("postgres"),
};

export const nomadClientKilled: Blow = {
  name: "nomad-client-killed",
  about: "Nomad's client is killed, and started again",
  strike: ({ booted }) => booted.servers.nomadClient.stop(kill),
  restore: (bench) => bench.restore("nomad"),
};

export const nomadServerKilled: Blow = {
  name: "nomad-server-killed",
  about: "Nomad's server is killed, and started again",
  strike: ({ booted }) => booted.servers.nomadServer.stop(kill),
  restore: (bench) => bench.restore("nomad"),
};

export const vaultSealed: Blow = {
  name: "vault-sealed",
  about: "Vault is sealed until the deploy has ended",
  strike: ({ lab }) => seal(lab.vault),
  restore: async ({ lab }, moving) => {
    await moving;
    await unseal(lab.vault);
  },
};

export const consulGone: Blow = {
  name: "consul-gone",
  about: "Consul is killed, and away until the deploy has ended",
  strike: ({ booted }) => booted.servers.consul.stop(kill),
  restore: async (bench, moving) => {
    await moving;
    await bench.restore("consul");
  },
};

export const terraformKilled: Blow = {
  name: "terraform-killed",
  about: "Terraform is killed while it waits for Nomad",
  strike: (bench) => killTerraform(bench),
  restore: (_bench, moving) => moving,
};

/** Terraform of this lab, with its providers: no other's. */
export async function killTerraform({ lab }: Bench): Promise<void> {
  for (const entry of await fs.readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const [words, variables] = await Promise.all(
      ["cmdline", "environ"].map((name) => fs.readFile(`/proc/${entry}/${name}`, "utf8").catch(() => "")),
    );
    const [program = ""] = words!.split("\0");
    if (path.basename(program) === "terraform" && variables!.includes(`PGMOOR_LAB=${lab.directory}\0`))
      process.kill(Number(entry), "SIGKILL");
  }
}
