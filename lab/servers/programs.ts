import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { build, goModule } from "./build";
import { cached, cacheFolder, exists } from "./cache";
import type { Kinds } from "../kinds";
import { findOpenBao } from "./openbao";
import { compareVersions, findOnPath } from "./path";
import type { FindOptions, Program, ProgramName, ToolName } from "./program";
import { oldest } from "./program";

const run = promisify(execFile);

/**
 * Finds the programs on PATH, else in the cache, else builds them there, one after the other: each build takes all cores.
 * A fork takes the place of what it is a fork of.
 */
export async function findPrograms(
  options: FindOptions,
  { opentofu = false, openbao = false }: Pick<Kinds, "opentofu" | "openbao"> = {},
): Promise<Record<ProgramName, Program>> {
  return {
    terraform: await (opentofu ? findOpenTofu(options) : findProgram("terraform", options)),
    consul: await findProgram("consul", options),
    vault: await (openbao ? findOpenBao(options) : findProgram("vault", options)),
    nomad: await findProgram("nomad", options),
  };
}

async function findOpenTofu(options: FindOptions): Promise<Program> {
  const [file, { version }] = [await findTool("opentofu", options), await goModule("opentofu")];
  return { name: "terraform", fork: "opentofu", file, version, from: "cache" };
}

/** Finds one program on PATH, else in the cache, else builds it there. */
export async function findProgram(name: ProgramName, options: FindOptions): Promise<Program> {
  const env = options.env ?? process.env;
  const found = await findBuilt(name, env);
  if (found.passedOver !== undefined) options.progress(found.passedOver);
  if (found.program !== undefined) return found.program;
  const { version } = await goModule(name);
  const file = await cached(`${name}-${version}`, (target) => build(name, target, options), env);
  return { name, file, version, from: "built" };
}

/** The file of a tool, from the cache or built there: always the version that the lab was made with. */
export async function findTool(name: ToolName, options: FindOptions): Promise<string> {
  const { version } = await goModule(name);
  return cached(`${name}-${version}`, (target) => build(name, target, options), options.env ?? process.env);
}

/** Which program need not be built, if any, and a line on an installed one that is too old. */
export async function findBuilt(
  name: ProgramName,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly program?: Program; readonly passedOver?: string }> {
  const installed = await findOnPath(name, env);
  const version = installed && (await versionOf(installed, env));
  if (installed && version && compareVersions(version, oldest[name]) >= 0)
    return { program: { name, file: installed, version, from: "path" } };
  const what = version ? `version ${version}, but ${oldest[name]} is needed` : "does not report a version";
  const passedOver = installed ? { passedOver: `${name}: ${installed} is not used (${what})` } : {};
  const module = await goModule(name);
  const file = path.join(cacheFolder(env), `${name}-${module.version}`);
  if (!(await exists(file))) return passedOver;
  return { program: { name, file, version: module.version, from: "cache" }, ...passedOver };
}

async function versionOf(file: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  // Terraform would ask its maker for a newer one.
  const options = { env: { ...env, CHECKPOINT_DISABLE: "1" } };
  const { stdout } = await run(file, ["version"], options).catch(() => ({ stdout: "" }));
  return /\bv?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}
