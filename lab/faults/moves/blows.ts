/** What strikes a move or a rollback while it is under way. A blow that does not land is an error. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { labVariable } from "../../../environments/lab";
import { call } from "../../servers/api";
import type { LabServer } from "../../servers/lab-server";
import { isRunning, type ProcessIdentity } from "../../servers/process";
import { processes, signalEach } from "../../servers/processes";
import { seal, unseal } from "../../servers/vault";
import { waitFor } from "../../servers/wait";
import { expectThat } from "../../story/expectations";
import type { Bench } from "../bench";

export interface Blow {
  /** For the fault's name: `nomad-client-killed`. */
  readonly name: string;
  /** For its description: `Nomad's client is killed`. */
  readonly about: string;
  /** @throws when it has not landed */
  readonly strike: (bench: Bench) => Promise<void>;
  /** Nobody can ask PostgreSQL what is under way: it is away, or Vault, which has the admin's password. @default one can */
  readonly blinds?: true;
  readonly restore: (bench: Bench) => Promise<unknown>;
  /** When it is restored. @default at once */
  readonly lasts?: "until the deploy has ended";
}

async function killed(server: LabServer, kill: () => Promise<void>): Promise<void> {
  const before: ProcessIdentity = server.identity;
  expectThat(server.running, `${before.name} should have run before it is killed`);
  await kill();
  expectThat(!isRunning(before), `${before.name} should have been killed`);
}

const now = { signal: "SIGKILL" } as const;

export const postgresKilled: Blow = {
  name: "postgres-killed",
  about: "PostgreSQL is killed",
  blinds: true,
  strike: ({ booted }) => killed(booted.servers.postgres!, () => booted.servers.postgres!.kill()),
  restore: (bench) => bench.restore("postgres"),
};

/** Its tasks go on. */
export const nomadClientKilled: Blow = {
  name: "nomad-client-killed",
  about: "Nomad's client is killed, and started again,",
  strike: ({ booted: { servers } }) => killed(servers.nomadClient, () => servers.nomadClient.stop(now)),
  restore: (bench) => bench.restore("nomad"),
};

export const nomadServerKilled: Blow = {
  name: "nomad-server-killed",
  about: "Nomad's server is killed, and started again,",
  strike: ({ booted: { servers } }) => killed(servers.nomadServer, () => servers.nomadServer.stop(now)),
  restore: (bench) => bench.restore("nomad"),
};

export const vaultSealed: Blow = {
  name: "vault-sealed",
  about: "Vault is sealed until the deploy has ended",
  blinds: true,
  async strike({ lab: { vault } }) {
    await seal(vault);
    const { sealed } = await call<{ sealed: boolean }>(`${vault.address}/v1/sys/seal-status`);
    expectThat(sealed, "Vault should be sealed");
  },
  lasts: "until the deploy has ended",
  restore: ({ lab }) => unseal(lab.vault),
};

export const consulGone: Blow = {
  name: "consul-gone",
  about: "Consul is killed, and away until the deploy has ended,",
  strike: ({ booted: { servers } }) => killed(servers.consul, () => servers.consul.stop(now)),
  lasts: "until the deploy has ended",
  restore: (bench) => bench.restore("consul"),
};

export const terraformKilled: Blow = {
  name: "terraform-killed",
  about: "Terraform is killed while it waits for Nomad",
  async strike(bench) {
    expectThat((await killTerraform(bench)) > 0, "a Terraform of this lab should have run, to be killed");
  },
  restore: () => Promise.resolve(),
};

/** Terraform of this lab, with its providers: no other's. @returns how many processes are dead */
export async function killTerraform({ lab }: Bench): Promise<number> {
  const found = await processes(
    ({ words: [program = ""], variables }) =>
      path.basename(program) === "terraform" && variables.includes(`${labVariable}=${lab.directory}`),
  );
  signalEach(found, "SIGKILL");
  // Of a process that is dead nobody reads the words any more, also while its parent has not asked for its end.
  for (const pid of found)
    await waitFor(
      { what: `Terraform (process ${pid}) is dead`, deadlineSeconds: 10, everyMs: 10 },
      async () => {
        const words = await fs.readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        return !words.includes("terraform");
      },
    );
  return found.length;
}
