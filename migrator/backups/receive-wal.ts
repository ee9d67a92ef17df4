/** Receives the server's WAL as it is written, and copies it into the repository again and again. It never ends by itself. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Deadline } from "../base/deadline";
import { Failed, messageOf } from "../base/errors";
import type { DatabaseLogin } from "../server/login";
import { adminOf, asAdmin } from "./admin";
import type { Backing } from "./backup";
import { forgetOldWal, walGroup, walTag } from "./kept";
import { makeRecords, noteWal } from "./record";
import { ensureSlot, slotName } from "./slot";
import { takeUpWal } from "./take-up";
import { walFolderOf } from "./wal-folder";

/** So many copies until the old ones go: restic reads them all to find the newest. */
const copiesUntilForgotten = 20;

export async function receiveWal(receiving: Backing): Promise<never> {
  const { config, log, stop } = receiving;
  const wal = path.join(config.work, "wal");
  for (let copies = 1; ;) {
    await takeUpWal(receiving, wal);
    const receiver = await Receiver.start(receiving, wal);
    try {
      while (receiver.runs) {
        await Promise.race([
          receiver.ended,
          pause(config.walSeconds * 1000, undefined, { signal: stop }),
        ]).catch(() => undefined);
        stop.throwIfAborted();
        if (receiver.runs) await copy(receiving, wal, copies++ % copiesUntilForgotten === 0);
      }
    } finally {
      await receiver.stop();
    }
    stop.throwIfAborted();
    log(`pg_receivewal ended: ${receiver.said}. Starting it again`);
  }
}

/** One copy. What goes wrong is noted, and tried again next time: the server keeps its WAL until it has been received. */
async function copy(
  { server, repository, log, stop }: Backing,
  wal: string,
  forgets: boolean,
): Promise<void> {
  const note = (trouble: string | null) =>
    asAdmin(adminOf(server), (client) => noteWal(client, trouble)).catch(() => undefined);
  // Before the copy: a restore can go to any second before a commit that is in it.
  await note(null);
  try {
    await repository.ensure();
    await repository.store(wal, walGroup, [walTag]);
    if (forgets) await forgetOldWal(repository);
  } catch (error) {
    if (stop.aborted) throw error;
    log(`the WAL could not be copied into the repository: ${messageOf(error)}`);
    await note(messageOf(error));
  }
}

/** The program that receives. */
class Receiver {
  said = "";
  runs = true;
  readonly ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, "close").finally(() => (this.runs = false));
    child.stderr
      ?.setEncoding("utf8")
      .on("data", (text: string) => (this.said = `${this.said}${text}`.slice(-500)));
  }

  /** Waits for the server as long as that takes. */
  static async start({ server, log, stop }: Backing, wal: string): Promise<Receiver> {
    const name = await whenUp({ server, log, stop }, async (client) => {
      await makeRecords(client);
      const lost = await ensureSlot(client);
      if (lost) {
        const gap =
          "WAL was lost: it was not received for longer than the server keeps it. Back up now (nomad job periodic force pgmoor-backup)";
        log(gap);
        await noteWal(client, gap);
      }
      // pg_receivewal continues where the files of its folder end, and that is no longer to be had.
      return walFolderOf(client, wal, lost);
    });
    const folder = path.join(wal, name);
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    log(`receiving WAL into ${folder}`);
    const args = [`--directory=${folder}`, `--slot=${slotName}`, "--no-loop", "--no-password"];
    const child = spawn("pg_receivewal", args, {
      env: { PATH: process.env.PATH, LC_ALL: "C", ...adminOf(server).variables, PGOPTIONS: undefined },
      stdio: ["ignore", "ignore", "pipe"],
    });
    await Promise.race([once(child, "spawn"), once(child, "error")]);
    if (child.pid === undefined) throw new Failed("pg_receivewal is not on PATH");
    return new Receiver(child);
  }

  async stop(): Promise<void> {
    if (!this.runs) return;
    this.child.kill("SIGINT");
    await this.ended;
  }
}

async function whenUp<T>(
  { server, log, stop }: Pick<Backing, "log" | "stop"> & { server: DatabaseLogin["variables"] },
  work: Parameters<typeof asAdmin<T>>[1],
): Promise<T> {
  let told = false;
  return new Deadline(Infinity).until(
    async () => {
      stop.throwIfAborted();
      try {
        return await asAdmin(adminOf(server), work);
      } catch (error) {
        if (!told) log(`waiting for the server: ${messageOf(error)}`);
        told = true;
        return undefined;
      }
    },
    () => "the server did not answer",
    1000,
  );
}
