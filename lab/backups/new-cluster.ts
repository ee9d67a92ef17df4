/** The machine is gone: nothing but the S3 server and Vault's data are left. `docs/when-the-machine-is-gone.md` is followed. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { labName } from "../../environments/lab";
import { consulLeads } from "../servers/consul";
import { nodeReady, nomadLeads } from "../servers/nomad";
import { cutPower } from "../servers/stop";
import { trustNomad, unseal } from "../servers/vault";
import { asAdmin } from "../story/context";
import { expectSuccess, expectThat } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { contents, different } from "./contents";
import { central, type Ground } from "./ground";
import { backUp } from "./jobs";
import { listed } from "./repository";
import { clock, restore, stored, type Told } from "./restores";
import type { Writers } from "./writers";

export async function loseTheMachine(ground: Ground, writers: Writers, told: Told): Promise<void> {
  const { say, services, lab, deployment } = ground;
  await writers.stopAll();
  const databases = services.map(({ name }) => name);
  const before = await contents(ground, databases);
  await stored(ground, await clock(ground));
  await cutPower(lab);
  await wipe(ground);
  say("the machine is gone: jobs, states, data and received WAL; S3 and Vault's data are left");

  await startAnew(ground);
  const names = services.map(({ name }) => name);
  await deployment.edit(names, { existing: ["secret", "database"] });
  await deployment.keepServer(central(ground, { existing: true }));
  expectSuccess(await deployment.deploy(["server"]), "the deploy of the server in a new cluster");
  expectSuccess(await deployment.deploy(["backups"]), "the deploy of the backups in a new cluster");
  const lost = await backUpTheEmptyOne(ground);
  told.backups++;
  await restore(ground, "--all", "--backup", lost, "--confirm", labName(lab.directory));
  told.restored++;
  told.backups++;
  const differences = different(before, await contents(ground, databases));
  told.rowsEqual &&= differences.length === 0;
  expectThat(differences.length === 0, "every row should be in the new cluster", differences.join("\n"));
  expectSuccess(await deployment.deploy(names), "the deploy of the services in a new cluster");
  for (const service of services) await waitForAnswer(service, "server", 90);
  say("a new cluster, by the page: every row is there, every service answers");
}

/**
 * The backup of the new and empty server comes first: it is the newest now, and must not be restored unless somebody says so.
 * @returns the newest backup of the lost server, as the refusal names it
 */
async function backUpTheEmptyOne(ground: Ground): Promise<string> {
  const { say, lab, deployment } = ground;
  const before = await listed(ground, "backup");
  const backup = await backUp(ground);
  expectThat(backup.succeeded, "the backup of the empty server should have succeeded", backup.stderr);
  const after = await listed(ground, "backup");
  expectThat(
    before.every(({ id }) => after.some((one) => one.id === id)),
    "the backups of the lost server should still be there",
  );
  const refused = await deployment.pgmoor("restore", ["--all", "--confirm", labName(lab.directory)], {});
  const named = /lacks what (\w+), the newest of the other server/.exec(refused.output)?.[1];
  expectThat(
    !refused.succeeded && named !== undefined,
    "the empty server's backup should not be restored by itself",
    refused.output,
  );
  expectThat(
    before.at(-1)!.tags.includes(`id:${named}`),
    `the newest backup of the lost server should be named, not ${named}`,
  );
  // Nothing was changed, so it runs again.
  await asAdmin(lab, "postgres", (client) => client.query("SELECT 1"));
  say("the new and empty server was backed up first: its backup is not restored unless somebody says so");
  return named;
}

/** Everything that was on the machine's disk. S3 and Vault are elsewhere, in a real cluster. */
async function wipe({ lab }: Ground): Promise<void> {
  const folders = [
    path.join(lab.directory, "consul/data"),
    path.join(lab.directory, "states"),
    path.join(lab.directory, "cdktf.out"),
    ...Object.values(lab.volumes),
  ];
  for (const folder of folders) await empty(folder, []);
  for (const agent of ["server", "client"])
    await empty(path.join(lab.directory, "nomad", agent), ["nomad.json", "nomad.log"]);
}

async function empty(folder: string, except: readonly string[]): Promise<void> {
  for (const name of await fs.readdir(folder).catch((): string[] => []))
    if (!except.includes(name)) await fs.rm(path.join(folder, name), { recursive: true, force: true });
}

/** Steps 1 and 2 of the page: Consul and Nomad are new, Vault has its data, and trusts the keys of the new Nomad. */
async function startAnew({ booted, lab, s3 }: Ground): Promise<void> {
  await s3.server.start();
  await booted.start("consul", "vault");
  await consulLeads(lab.consul.address);
  await unseal(lab.vault);
  await booted.start("nomadServer");
  await nomadLeads(lab.nomad.address);
  await trustNomad(lab.vault, lab.nomad.address);
  await booted.start("nomadClient");
  await nodeReady(lab.nomad.address);
}
