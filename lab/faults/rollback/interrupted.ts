/** Rollbacks that are cut off while the source is replaced. */
import * as fs from "node:fs/promises";
import { waitFor } from "../../servers/wait";
import { expectSuccess } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import { sourceFile } from "../../story/sqlite-source";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { backOnServer, deployed, goesBack, moves, onSqlite, type SqliteSubject } from "./steps";

/** Something happens as soon as the new file lies beside the old one; a rollback afterwards goes through. */
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
        const outcome = deployed(bench, subject, goesBack);
        await newFile(bench, subject);
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
        const which = first.succeeded
          ? "the deploy went through anyway"
          : "the same deploy went through";
        bench.tell(`${service.name}: ${which}; ${items} items on its source`);
        expectSuccess(await deployed(bench, subject, moves), `${service.name} on its way to the server`);
      }
    },
  };
}

/** Waits until the new file is being written. */
function newFile({ lab }: Bench, { service }: SqliteSubject): Promise<unknown> {
  const file = `${sourceFile(lab, service)}.pgmoor-new`;
  const wait = { what: `${file} is being written`, deadlineSeconds: 60, everyMs: 2 };
  return waitFor(wait, async () => ((await fs.stat(file).catch(() => undefined))?.size ?? 0) > 0);
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
      await bench.booted.servers.postgres.stop();
      await bench.restore("postgres");
    },
  ),
];
