/** `npm run lab -- faults`: a lab with services in each phase, and one fault after the other on it. */
import * as path from "node:path";
import { LabError } from "../lab-error";
import type { ServedProviders } from "../providers/serve";
import { bootServers, serveStandIns } from "../ground";
import type { BootedLab } from "../servers/boot";
import { removeLab } from "../servers/stop";
import { messageOf } from "../servers/wait";
import type { Bench } from "./bench";
import { allocationsDisk, mountSmall } from "./full-disk";
import { faults } from "./index";
import type { Fault } from "./fault";
import { measure } from "./measure";
import { hasOwn, ownSubjects, ownVolumes, removeOwn, type OwnFault } from "./own-services";
import { failedLine, lineOf, table, type Line } from "./report";
import { setUp } from "./set-up";
import { standings, subjectVolumes, type Subject } from "./subjects";

/** One fault a line, with what happens. */
export function listOfFaults(): string {
  const width = Math.max(...faults.map(({ name }) => name.length));
  return faults
    .map(({ name, about, quick }) => `${name.padEnd(width)}  ${about}${quick ? " (quick)" : ""}`)
    .join("\n");
}

/**
 * The faults of these names; all when there are none.
 * @throws {LabError} with every name that is none
 */
export function faultsNamed(names: readonly string[]): readonly Fault[] {
  const unknown = names.filter((name) => faults.every((fault) => fault.name !== name));
  if (unknown.length > 0)
    throw new LabError(
      `There is no fault ${unknown.map((name) => JSON.stringify(name)).join(", ")}. npm run lab -- faults --list names them.`,
    );
  return names.length === 0 ? faults : faults.filter(({ name }) => names.includes(name));
}

/**
 * Results go to stdout, a line of JSON each; everything else to stderr.
 * @returns whether all went as it should
 */
export async function runFaults(
  directory: string,
  chosen: readonly Fault[],
  keep: boolean,
): Promise<boolean> {
  const begun = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - begun) / 1000).toFixed(0).padStart(4);
    console.error(line.replace(/^/gm, `${seconds} s  `));
  };
  const lines: Line[] = [];
  let booted: BootedLab | undefined;
  let providers: ServedProviders | undefined;
  try {
    const volumes = ["snapshots", ...subjectVolumes, ...ownVolumes(chosen)];
    // A disk of its own, which can be filled.
    const disk = () => mountSmall(path.join(directory, "nomad/client/alloc"), allocationsDisk);
    booted = await bootServers(directory, volumes, say, disk);
    providers = await serveStandIns(booted.lab, say);
    const wanted = standings.filter((standing) => chosen.some(({ strikes }) => strikes.includes(standing)));
    const { bench, subjects } = await setUp(booted, providers?.reattach, wanted, say);
    const tell = (made: readonly Line[]) => {
      for (const line of made) console.log(JSON.stringify(line.result));
      lines.push(...made);
    };
    for (const wave of waves(chosen.filter(hasOwn))) await strikeOwn(bench, wave, tell);
    for (const fault of chosen.filter((one) => !hasOwn(one))) {
      const struck = subjects.filter(({ standing }) => fault.strikes.includes(standing));
      say(`${fault.name}: ${struck.map(({ service }) => service.name).join(", ")}`);
      tell(await strike(bench, fault, struck));
    }
  } catch (error) {
    if (lines.length > 0) console.error(`\n${table(lines)}\n`);
    await providers?.stop();
    if (keep) booted?.release();
    else await booted?.stop();
    const end = keep ? "The lab keeps running" : "The servers are stopped; their files and logs are";
    throw new LabError(`${messageOf(error)}\n${end} in ${directory}.`, { cause: error });
  }
  console.error(`\n${table(lines)}\n`);
  await providers?.stop();
  if (keep) booted.release();
  else {
    await booted.stop();
    await removeLab(directory);
  }
  return lines.every(({ complaints }) => complaints.length === 0);
}

/** How many faults are tried side by side, each on a service of its own. */
const atOnce = 4;

function waves(faults: readonly OwnFault[]): OwnFault[][] {
  return Array.from({ length: Math.ceil(faults.length / atOnce) }, (_, at) =>
    faults.slice(at * atOnce, (at + 1) * atOnce),
  );
}

async function strikeOwn(
  bench: Bench,
  wave: readonly OwnFault[],
  tell: (lines: readonly Line[]) => void,
): Promise<void> {
  bench.say(`each on a service of its own: ${wave.map(({ name }) => name).join(", ")}`);
  const subjects = await ownSubjects(bench, wave).catch((error: unknown) => {
    for (const fault of wave) tell([failedLine(fault, fault, messageOf(error))]);
    return undefined;
  });
  if (subjects === undefined) return;
  await Promise.all(
    wave.map(async (fault, at) => {
      tell(await strike(bench.another(), fault, [subjects[at]!]));
      await removeOwn(bench, subjects[at]!);
    }),
  );
}

/** One that cannot be injected, or leaves a lab that is not in order, is a failure of its own; the others go on. */
async function strike(bench: Bench, fault: Fault, struck: readonly Subject[]): Promise<Line[]> {
  const lines = await caught(bench, fault, struck, async () =>
    (await measure(bench, fault, struck)).map((result, at) => lineOf(fault, result, struck[at]!)),
  );
  const left = await caught(bench, fault, struck, async () => {
    await fault.tidy?.(bench, struck);
    return [];
  });
  return [...lines, ...left];
}

async function caught(
  bench: Bench,
  fault: Fault,
  struck: readonly Subject[],
  work: () => Promise<Line[]>,
): Promise<Line[]> {
  try {
    return await work();
  } catch (error) {
    bench.say(`${fault.name} FAILED: ${messageOf(error)}`);
    return struck.map(({ service }) => failedLine(fault, service, messageOf(error)));
  }
}
