/** One fault, and what came of it for each service that it struck. */
import { messageOf, waitFor } from "../servers/wait";
import { Client } from "pg";
import { databaseOf, readSecret } from "../story/context";
import { ask } from "../story/services";
import type { Bench } from "./bench";
import { withinSeconds, type Fault, type Result } from "./fault";
import { keysOn } from "./rows";
import type { Subject } from "./subjects";
import { vaultOf } from "./mistakes/mistake";
import { Writer } from "./writer";

/** After its limit a service is waited for as long again as this, to tell a slow one from one that needs a hand. */
const graceSeconds = 60;

interface Watched {
  readonly subject: Subject;
  readonly writer: Writer;
  /** Rows that were there before. */
  readonly before: ReadonlySet<string>;
}

/**
 * Strikes once, while each service is written to, and measures until each acknowledges a row again. The lab is to be tidied
 * afterwards.
 * @throws when the fault cannot be injected, or a service cannot be brought back even by hand: the lab is of no use then
 */
export async function measure(bench: Bench, fault: Fault, struck: readonly Subject[]): Promise<Result[]> {
  const watched = await Promise.all(
    struck.map(async (subject): Promise<Watched> => ({
      subject,
      before: await keysOn(subject.endsOn, bench.lab, subject.service),
      writer: new Writer(subject.service),
    })),
  );
  bench.told.length = 0;
  try {
    for (const { subject, writer } of watched)
      await waitFor({ what: `${subject.service.name} takes rows`, deadlineSeconds: 30 }, () =>
        Promise.resolve(writer.keys.length > 0),
      );
    const since = (await fault.inject(bench, struck)) ?? performance.now();
    return await Promise.all(watched.map((one) => outcome(bench, fault, one, since)));
  } finally {
    await Promise.all(watched.map(({ writer }) => writer.stop()));
  }
}

async function outcome(
  bench: Bench,
  fault: Fault,
  { subject, writer, before }: Watched,
  since: number,
): Promise<Result> {
  const { service } = subject;
  const what = `${service.name} takes rows again`;
  const deadlineSeconds = withinSeconds(fault) + graceSeconds;
  const firstRow = () => Promise.resolve(writer.firstAfter(since));
  const first = await waitFor({ what, deadlineSeconds }, firstRow).catch(() => undefined);
  if (first === undefined) await bringBack(bench, subject);
  await bench.steady(subject);
  await writer.stop();
  const { from } = await ask(service);
  const after = await keysOn(from, bench.lab, service);
  const lost = [...before, ...writer.keys].filter((key) => !after.has(key));
  return {
    fault: fault.name,
    service: service.name,
    endedOn: from,
    rowsLost: lost.length,
    healthyAfterSeconds: first === undefined ? null : Math.max(0, Math.round((first - since) / 100) / 10),
    longestSilenceSeconds: Math.round(writer.longestSilence * 10) / 10,
    byHand: first === undefined,
    secretVersionsLost: await secretVersionsLost(bench, subject),
    lockedOut: await isLockedOut(bench, subject),
    ...(bench.told.length > 0 ? { deploys: [...bench.told] } : {}),
  };
}

async function secretVersionsLost(bench: Bench, { service }: Subject): Promise<number> {
  const { data } = (await vaultOf(bench, "GET", `metadata/postgres/${databaseOf(service)}`)) as {
    data: { versions: Record<string, { deletion_time: string; destroyed: boolean }> };
  };
  return Object.values(data.versions).filter((one) => one.destroyed || one.deletion_time !== "").length;
}

/** Of a role that its service uses not yet, too. */
async function isLockedOut({ lab }: Bench, { service }: Subject): Promise<boolean> {
  const name = databaseOf(service);
  const { password } = await readSecret(lab, `postgres/${name}`);
  const { host, port } = lab.postgres;
  const client = new Client({ host, port, user: name, password, database: name });
  try {
    await client.connect();
    await client.end();
    return false;
  } catch (error) {
    if ((error as { code?: string }).code === "28P01") return true;
    throw error;
  }
}

/** What somebody would do at last: has Nomad forget the job, and deploys it. So the faults after this one can be tried. */
async function bringBack(bench: Bench, subject: Subject): Promise<void> {
  const { name } = subject.service;
  bench.say(`${name} has not come back; its job is purged and deployed again. Its allocations in Nomad:`);
  bench.say(await bench.nomad.failures(name));
  try {
    await bench.nomad.stop(name, true);
    await bench.deploy([subject]);
  } catch (error) {
    throw new Error(`${name} cannot be brought back even by hand: ${messageOf(error)}`, { cause: error });
  }
}
