/** Looks for secrets where none may be: in everything the lab has written, and in what Nomad tells of its jobs. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LabService } from "../deployment";
import { databaseOf, readSecret, type Stage } from "./context";
import { expectThat } from "./expectations";

export interface Finding {
  readonly where: string;
  /** The path of the secret in Vault. Its value is not told. */
  readonly secret: string;
}

/** A text to look through, and what it is called. */
export interface Haystack {
  readonly where: string;
  readonly bytes: Buffer;
}

/** Every file below a folder, but for files of these names, and those in folders of these names. */
export async function* filesBelow(folder: string, except: ReadonlySet<string>): AsyncGenerator<Haystack> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    if (except.has(entry.name)) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(full, except);
    else if (entry.isFile()) {
      // A log may be rotated away meanwhile.
      const bytes = await fs.readFile(full).catch(() => undefined);
      if (bytes !== undefined) yield { where: full, bytes };
    }
  }
}

/** A secret as it may be written: as it is, in a URL, in JSON, in base64. */
function forms(value: string): Buffer[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [...new Set([value, encodeURIComponent(value), json, Buffer.from(value).toString("base64")])].map(
    (form) => Buffer.from(form),
  );
}

export async function findSecrets(
  haystacks: AsyncIterable<Haystack>,
  secrets: Readonly<Record<string, string>>,
): Promise<{ readonly findings: Finding[]; readonly searched: number }> {
  const wanted = Object.entries(secrets).map(([secret, value]) => ({ secret, forms: forms(value) }));
  const findings: Finding[] = [];
  let searched = 0;
  for await (const { where, bytes } of haystacks) {
    searched++;
    for (const { secret, forms } of wanted)
      if (forms.some((form) => bytes.includes(form))) findings.push({ where, secret });
  }
  return { findings, searched };
}

/**
 * Not searched: the tasks' folders for secrets, which are kept in memory; PostgreSQL's and the services' own data; and
 * `state.db`, in which Nomad's client, for root alone, keeps the variables of running tasks, to find them after a restart.
 */
const elsewhere = new Set(["secrets", "private", "postgres", "volumes", "state.db"]);

/**
 * Reads the passwords from Vault and searches the states, the plans, the jobs in all their versions, and every log and file
 * that anything has written. How many places hold one.
 */
export async function searchForSecrets(stage: Stage): Promise<number> {
  const { lab, moving, spoilt, unwell, say } = stage;
  const services = [...moving, spoilt, unwell];
  const secrets: Record<string, string> = {
    "postgres/admin": (await readSecret(lab, "postgres/admin")).password!,
  };
  for (const service of services) {
    const name = `postgres/${databaseOf(service)}`;
    secrets[name] = (await readSecret(lab, name)).password!;
  }
  const { findings, searched } = await findSecrets(everything(stage, services), secrets);
  // A search that cannot find is no proof: what is surely there has to be found.
  const known = await findSecrets(everything(stage, services), { known: "postgresql_role" });
  for (const part of ["/states/", "/plans/", "/logs/"])
    expectThat(
      known.findings.some(({ where }) => where.includes(part)),
      `the search should have looked into the ${part.replaceAll("/", "")}`,
    );
  for (const { where, secret } of findings) say(`${where} holds the password of ${secret}`);
  expectThat(
    findings.length === 0,
    `${findings.length} places hold a password`,
    findings.map(({ where }) => where).join("\n"),
  );
  say(`${Object.keys(secrets).length} passwords in none of ${searched} places`);
  return findings.length;
}

async function* everything(stage: Stage, services: readonly LabService[]): AsyncGenerator<Haystack> {
  const { lab, nomad } = stage;
  yield* filesBelow(lab.directory, elsewhere);
  const log = path.join(lab.directory, "postgres/postgresql.log");
  yield { where: log, bytes: await fs.readFile(log) };
  for (const { name } of services)
    yield { where: `job ${name}`, bytes: Buffer.from(await nomad.versions(name)) };
}
