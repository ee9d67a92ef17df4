/** Rollbacks that are cut off while the source is replaced. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { waitFor } from "../../servers/wait";
import { expectSuccess } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { backOnServer, deployed, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";

/** Something happens while the new file is made; a rollback afterwards goes through. */
function interrupted(
  name: string,
  about: string,
  cut: (bench: Bench, subject: SqliteSubject) => Promise<unknown>,
): Fault {
  return {
    name,
    about,
    strikes: ["cutover"],
    async inject(bench, struck) {
      for (const subject of onSqlite(struck)) {
        const before = (await kept(bench, subject)).length;
        const outcome = deployed(bench, subject, goesBack);
        await isKept(bench, subject, before);
        await cut(bench, subject);
        const { service } = subject;
        const first = await outcome;
        if (!first.succeeded) {
          await backOnServer(bench, subject, first, "roll-back");
          expectSuccess(
            await bench.deployment.deploy([service.name]),
            `the same rollback of ${service.name}`,
          );
        }
        const { items } = await waitForAnswer(service, "source", 20);
        // The file is replaced within milliseconds: what is cut off may have come to its end, or waits and goes on.
        const which = first.succeeded ? "the deploy went through anyway" : "the same deploy went through";
        bench.tell(`${service.name}: ${which}; ${items} items on its source`);
        expectSuccess(await deployed(bench, subject, moves), `${service.name} on its way to the server`);
      }
    },
  };
}

/** The source's files that rollbacks have kept. */
async function kept({ lab }: Bench, { service }: SqliteSubject): Promise<string[]> {
  const folder = path.join(lab.volumes.snapshots!, service.name, "before-rollback");
  const names = await fs.readdir(folder).catch(() => []);
  return names.filter((name) => !name.endsWith(".partial"));
}

/** Waits until the source is kept: from then on the new file is made and takes its place. */
function isKept(bench: Bench, subject: SqliteSubject, before: number): Promise<unknown> {
  const wait = { what: "the source's files are kept", deadlineSeconds: 60, everyMs: 2 };
  return waitFor(wait, async () => (await kept(bench, subject)).length > before);
}

/** Kills the migrator of the service's newest allocation: no other lab's. */
async function killMigrator(bench: Bench, subject: SqliteSubject): Promise<void> {
  const { ID } = await bench.allocation(subject);
  for (const entry of await fs.readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const [words, variables] = await Promise.all(
      ["cmdline", "environ"].map((name) => fs.readFile(`/proc/${entry}/${name}`, "utf8").catch(() => "")),
    );
    if (words!.includes("roll-back") && variables!.includes(`NOMAD_ALLOC_ID=${ID}`))
      process.kill(Number(entry), "SIGKILL");
  }
}

export const interruptedRollbacks: readonly Fault[] = [
  interrupted(
    "rollback-killed-in-the-swap",
    "the migrator is killed while it replaces the source",
    killMigrator,
  ),
  interrupted(
    "rollback-server-killed",
    "the server is killed while the source is replaced",
    async (bench) => {
      await bench.booted.servers.postgres!.stop();
      await bench.restore("postgres");
    },
  ),
];
