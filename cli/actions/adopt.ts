import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { adoptJob, type Adopted } from "../../adopt/adopt";
import { importOf, lineOf, withService, type Line } from "../../adopt/environment-file";
import { jobIds } from "../../adopt/nomad";
import { constantOf, printDefinition } from "../../adopt/print";
import type { Environment } from "../../environments/model/environment";
import { chosenEnvironment, loadEnvironment } from "../../environments/model/load";
import { UserError } from "../../environments/model/problems";
import { columns } from "../../status/columns";

export interface AdoptOptions {
  readonly all?: true;
  readonly dryRun?: true;
  readonly force?: true;
  readonly secretsToVault?: true;
}

/** The project's folder. */
const root = resolve(__dirname, "../..");

export async function adopt(job: string | undefined, options: AdoptOptions): Promise<void> {
  if ((job === undefined) === (options.all === undefined))
    throw new UserError("Give the ID of one job, or --all.");
  const environment = loadEnvironment();
  const ids = job === undefined ? await jobIds({ nomad: environment.nomad, env: process.env }) : [job];
  const adopted: Adopted[] = [];
  for (const id of ids) {
    const one = await adoptJob(environment, id, process.env, secretsOf(options));
    adopted.push(one);
    await write(environment, one, options);
  }
  if (options.all) process.stdout.write(`\n${table(adopted)}`);
  const open = adopted.some(({ outcome }) => outcome === "asks" || outcome === "refused");
  if (job === undefined ? adopted.some(({ outcome }) => outcome === "asks") : open) process.exitCode = 1;
}

/** Without a file to write nothing is written to Vault, either. */
function secretsOf({ secretsToVault, dryRun }: AdoptOptions): "stay" | "show" | "write" {
  if (!secretsToVault) return "stay";
  return dryRun ? "show" : "write";
}

async function write(
  environment: Environment,
  adopted: Adopted,
  { all, dryRun, force }: AdoptOptions,
): Promise<void> {
  const { id, name, outcome, reasons, notes, definition, existing } = adopted;
  if (definition === undefined || outcome === "refused") {
    if (!all) say(`${id}: ${words[outcome]}.`, ...reasons.map((reason) => `  ${reason}`));
    return;
  }
  const file = fileOf(name);
  const printed = await printDefinition(definition, headingOf(adopted), file);
  const line: Line = { constant: printed.constant, file, existing };
  if (dryRun) return say(`// ${printed.file}`, printed.text, importOf(line), lineOf(line));
  if (existsSync(join(root, printed.file)) && !force) {
    const words = `${printed.file} exists, and stays as it is. Use --force to replace it.`;
    if (!all) throw new UserError(words);
    return say(`${id}: ${words}`);
  }
  writeFileSync(join(root, printed.file), printed.text);
  say(`${id}: ${words[outcome]}. Written: ${printed.file}`);
  for (const reason of reasons) say(`  ${reason}`);
  for (const note of notes) say(`  Note: ${note}.`);
  addLine(environment, name, line);
}

/** A service of the catalogue has its file already, which stays: the job's own has another name. */
function fileOf(name: string): string {
  const file = join(root, `services/${name}.ts`);
  const isTaken = existsSync(file) && !readFileSync(file, "utf8").includes("defineJob(");
  return isTaken ? `${name}-job` : name;
}

/** What a table and the messages call it. */
const words: Readonly<Record<Adopted["outcome"], string>> = {
  moves: "moves by itself",
  asks: "needs an answer",
  "on the server": "on the server already",
  "cannot move": "cannot move",
  "no database": "has no database",
  refused: "refused",
};

function headingOf({ id, outcome, reasons }: Adopted): string[] {
  return [
    `The job ${id}, as it ran in Nomad when \`pgmoor adopt\` wrote this. The definition is yours from now on.`,
    ...(outcome === "asks"
      ? ["What has todo(…) has to be answered: TypeScript and every command refuse it."]
      : []),
    ...(outcome === "cannot move" ? reasons : []),
  ];
}

/** Into the environment's file, where that can be done. */
function addLine({ services }: Environment, name: string, line: Line): void {
  const path = `environments/${chosenEnvironment()}.ts`;
  const file = join(root, path);
  const has = services.some(({ definition }) => definition.name === name);
  const before = readFileSync(file, "utf8");
  if (has && before.includes(`definition: ${line.constant},`)) return say(`  ${path} has it already.`);
  const after = withService(before, line, has ? constantOf(name) : undefined);
  if (after === undefined)
    return say(
      `  ${path} cannot be edited. ${has ? `Replace the definition of ${name} there` : "Add to its services"}:`,
      `    ${importOf(line)}`,
      `    ${lineOf(line)}`,
    );
  writeFileSync(file, after);
  say(`  ${path}: ${lineOf(line)}`);
}

function table(all: readonly Adopted[]): string {
  const rows = all.map(({ id, outcome, reasons }) => [id, words[outcome], reasons.join("; ")]);
  return `${columns(["job", "outcome", "why"], rows).join("\n")}\n`;
}

function say(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
