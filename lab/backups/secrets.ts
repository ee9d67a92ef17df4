/** Looks for passwords and keys in everything that was written, in Nomad's jobs, and in the arguments of every process. */
import * as fs from "node:fs/promises";
import { readSecret } from "../story/context";
import { expectThat } from "../story/expectations";
import { filesBelow, findSecrets, type Haystack } from "../story/leaks";
import type { Ground } from "./ground";

/** The tasks' folders for secrets are kept in memory; data of the server and objects of S3 are data; `state.db` is root's. */
const elsewhere = new Set(["secrets", "private", "volumes", "objects", "metadata", "state.db", "vault"]);

const everyMilliseconds = 100;

/** Notes the arguments of every process, until it is stopped. */
export class ArgumentWatch {
  private readonly seen = new Set<string>();
  private readonly timer = setInterval(() => void this.look(), everyMilliseconds);

  stop(): Haystack {
    clearInterval(this.timer);
    return { where: "the arguments of processes", bytes: Buffer.from([...this.seen].join("\n")) };
  }

  private async look(): Promise<void> {
    for (const entry of await fs.readdir("/proc"))
      if (/^\d+$/.test(entry)) {
        const line = await fs.readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
        if (line !== "") this.seen.add(line.replaceAll("\0", " "));
      }
  }
}

const jobs = [
  "postgresql",
  "pgmoor-wal",
  "pgmoor-backup",
  "pgmoor-restore",
  "pgmoor-restore-all",
  "pgmoor-restore-test",
];

/** @returns how many places hold one */
export async function searchForSecrets(ground: Ground, watch: ArgumentWatch): Promise<number> {
  const { lab, s3, services, nomad, say } = ground;
  const secrets: Record<string, string> = { s3: s3.secretKey };
  for (const name of [
    "postgres/admin",
    "postgres/backup_key",
    ...services.map(({ name }) => `postgres/${name}`),
  ])
    secrets[name] = (await readSecret(lab, name)).password!;
  const watched = watch.stop();
  expectThat(watched.bytes.includes("pg_receivewal"), "the arguments of pg_receivewal should have been seen");
  const places = async function* (): AsyncGenerator<Haystack> {
    yield* filesBelow(lab.directory, elsewhere);
    for (const name of jobs) yield { where: `job ${name}`, bytes: Buffer.from(await nomad.versions(name)) };
    yield watched;
  };
  const { findings, searched } = await findSecrets(places(), secrets);
  expectThat(
    findings.length === 0,
    `${findings.length} places hold a password or a key`,
    findings.map(({ where, secret }) => `${where}: ${secret}`).join("\n"),
  );
  say(`${Object.keys(secrets).length} passwords and keys in none of ${searched} places`);
  return findings.length;
}
