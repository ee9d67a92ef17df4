/** `npm run lab -- faults`: a lab with services in each phase, and one fault after the other on it. */
import { LabError } from "../lab-error";
import type { ServedProviders } from "../providers/serve";
import { bootServers, serveStandIns } from "../ground";
import type { BootedLab } from "../servers/boot";
import { removeLab } from "../servers/stop";
import { messageOf } from "../servers/wait";
import { faults } from "./index";
import type { Fault } from "./fault";
import { measure } from "./measure";
import { lineOf, table, type Line } from "./report";
import { setUp } from "./set-up";
import { standings, subjectVolumes } from "./subjects";

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
    booted = await bootServers(directory, ["snapshots", ...subjectVolumes], say);
    providers = await serveStandIns(booted.lab, say);
    const wanted = standings.filter((standing) => chosen.some(({ strikes }) => strikes.includes(standing)));
    const { bench, subjects } = await setUp(booted, providers?.reattach, wanted, say);
    for (const fault of chosen) {
      const struck = subjects.filter(({ standing }) => fault.strikes.includes(standing));
      say(`${fault.name}: ${struck.map(({ service }) => service.name).join(", ")}`);
      for (const [at, result] of (await measure(bench, fault, struck)).entries()) {
        lines.push(lineOf(fault, result, struck[at]!));
        console.log(JSON.stringify(result));
      }
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
