import { Listr, PRESET_TIMESTAMP } from "listr2";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { adoptionChapters } from "./adopt/story";
import { runBackups } from "./backups/command";
import { runServer } from "./server/command";
import { defaultFolder, labCommands, type FaultOptions } from "./commands";
import { execInLab } from "./exec";
import { faultsNamed, listOfFaults, runFaults } from "./faults/command";
import type { Kinds } from "./kinds";
import { LabError } from "./lab-error";
import { runMonitoring } from "./monitoring/command";
import { onInterrupt } from "./servers/cleanup";
import { labStatus, readLab, type Lab } from "./servers/lab";
import { missingRequirements } from "./servers/requirements";
import { removeLab, stopLab } from "./servers/stop";
import { table } from "./story/report";
import { opening, pullRequests, rest, type Told } from "./story/story";

/** Tells the whole story, in a folder of its own; ends and removes it, unless told to keep it. */
async function run({ keep, folder, ...kinds }: { keep?: boolean; folder?: string } & Kinds): Promise<void> {
  const begun = performance.now();
  await requireMachine();
  const directory = folder ?? (await fs.mkdtemp(`${defaultFolder}-`));
  // PostgreSQL and the tasks are not root.
  await fs.mkdir(directory, { recursive: true });
  await fs.chmod(directory, 0o755);
  const told = await tell(directory, [...opening(directory, kinds), ...rest], keep === true);
  console.log(`\n${table(told.moved)}\n`);
  if (keep) printKept(told.booted!.lab);
  console.log(
    JSON.stringify({
      services: told.moved.map(({ name, rows, verified, downtimeSeconds }) => ({
        name,
        rows,
        verified,
        downtimeSeconds: Number(downtimeSeconds.toFixed(2)),
      })),
      providers: told.stage!.standIns ? "stand-in" : "real",
      secretsFound: told.secretsFound,
      seconds: Number(((performance.now() - begun) / 1000).toFixed(1)),
    }),
  );
}

/** Tells of pull requests, in a folder of its own. */
async function review({ keep }: { keep?: boolean }): Promise<void> {
  await requireMachine();
  const directory = await newFolder();
  const { booted } = await tell(directory, [...opening(directory), ...pullRequests], keep === true);
  if (keep) printKept(booted!.lab);
}

/** Jobs of somebody's own, in a folder of its own. */
async function adopt({ keep, ...kinds }: { keep?: boolean } & Kinds): Promise<void> {
  await requireMachine();
  const directory = await newFolder();
  const { booted } = await tell(directory, adoptionChapters(directory, kinds), keep === true);
  if (keep) printKept(booted!.lab);
}

async function up({ folder }: { folder: string }): Promise<void> {
  await requireMachine();
  const { booted } = await tell(folder, opening(folder), true);
  printKept(booted!.lab);
}

/** Injects faults, in a lab of their own. */
async function faults(names: string[], { list, quick, keep }: FaultOptions): Promise<void> {
  if (list) return console.log(listOfFaults());
  const chosen = faultsNamed(names).filter((fault) => !quick || fault.quick);
  if (!(await alone((directory) => runFaults(directory, chosen, keep === true)))) process.exitCode = 1;
}

/** Does the work with a folder of its own for the lab. An interrupt ends the lab's servers. */
async function alone<T>(work: (directory: string) => Promise<T>): Promise<T> {
  await requireMachine();
  const directory = await newFolder();
  const takeBack = onInterrupt(() => Promise.resolve());
  const done = await work(directory);
  takeBack();
  return done;
}

/** PostgreSQL and the tasks, which are not root, have to get in. */
async function newFolder(): Promise<string> {
  const directory = await fs.mkdtemp(`${defaultFolder}-`);
  await fs.chmod(directory, 0o755);
  return directory;
}

async function tell(directory: string, chapters: ReturnType<typeof opening>, keep: boolean): Promise<Told> {
  const told: Told = { moved: [], secretsFound: 0 };
  const takeBack = onInterrupt(() => Promise.resolve());
  try {
    await new Listr<Told>(chapters, {
      ctx: told,
      renderer: "default",
      fallbackRenderer: "verbose" as "simple",
      fallbackRendererOptions: { timestamp: PRESET_TIMESTAMP },
      registerSignalListeners: false,
      collectErrors: false,
    }).run();
  } catch (error) {
    const failures = await told.stage?.nomad.failures().catch(() => "");
    if (failures)
      console.log(`\nNomad's failed allocations, including those that the lab made fail:\n${failures}\n`);
    await told.providers?.stop();
    await told.booted?.stop();
    throw new LabError(
      `${(error as Error).message}\nThe servers are stopped; their files and logs are in ${directory}.`,
    );
  }
  await told.providers?.stop();
  takeBack();
  if (keep) told.booted!.release();
  else {
    await told.booted!.stop();
    await removeLab(directory);
  }
  return told;
}

async function down({ folder }: { folder: string }): Promise<void> {
  await requireLab(folder);
  await stopLab(folder);
  await removeLab(folder);
  console.log(`The lab in ${folder} is stopped, and its folder is removed.`);
}

async function exec(command: string[], { folder }: { folder: string }): Promise<void> {
  process.exitCode = await execInLab(await requireLab(folder), command as [string, ...string[]]);
}

async function status({ folder }: { folder: string }): Promise<void> {
  const lab = await requireLab(folder);
  const servers = labStatus(lab);
  for (const { name, running } of servers) console.log(`${name}: ${running ? "running" : "stopped"}`);
  printAddresses(lab);
  if (servers.some(({ running }) => !running)) process.exitCode = 1;
}

async function requireLab(folder: string): Promise<Lab> {
  const lab = await readLab(folder);
  if (lab === undefined)
    throw new LabError(
      `No lab runs in ${folder}. Start one (npm run lab -- up), or name its folder (--folder).`,
    );
  return lab;
}

async function requireMachine(): Promise<void> {
  const missing = await missingRequirements();
  if (missing.length > 0) throw new LabError(missing.join("\n"));
}

function printAddresses({ consul, vault, nomad, postgres }: Lab): void {
  console.log(`Consul      ${consul.address}/ui`);
  console.log(`Vault       ${vault.address}/ui`);
  console.log(`Nomad       ${nomad.address}/ui`);
  console.log(
    `PostgreSQL  ${postgres.host}:${postgres.port}, user ${postgres.user}, password in Vault at secret/postgres/admin`,
  );
}

function printKept(lab: Lab): void {
  console.log(`The lab in ${lab.directory} keeps running.`);
  printAddresses(lab);
  const folder = lab.directory === defaultFolder ? "" : ` --folder ${lab.directory}`;
  console.log(`
To deploy into it yourself, edit ${path.join(lab.directory, "environment.json")}, then run
  npm run -s lab -- exec${folder} npx cdktf diff vaultwarden
To work in a shell with the lab's addresses and tokens: npm run -s lab -- exec${folder} bash
To stop it: npm run lab -- down${folder}
`);
}

labCommands({
  ...{ run, up, review, adopt, faults, exec, status, down },
  backups: ({ keep }) => alone((directory) => runBackups(directory, keep === true)),
  server: ({ keep }) => alone((directory) => runServer(directory, keep === true)),
  monitoring: ({ keep, picture }) => alone((directory) => runMonitoring(directory, keep === true, picture)),
})
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof LabError ? error.message : error);
    // What a failed chapter still waits for is of no use any more.
    process.exit(1);
  });
