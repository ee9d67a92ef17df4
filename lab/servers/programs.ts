import { execFile, spawn } from "node:child_process";
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { cached, cacheFolder, exists } from "./cache";
import { onInterrupt } from "./cleanup";

const run = promisify(execFile);

export type ProgramName = "consul" | "nomad" | "vault";

/** A server's program, ready to start. */
export interface Program {
  readonly name: ProgramName;
  readonly file: string;
  /** As the program itself says: `1.11.2`. */
  readonly version: string;
  /** `path`: installed by the user; `cache`: built by an earlier run; `built`: built just now. */
  readonly from: "path" | "cache" | "built";
}

export interface FindOptions {
  /** Called with a line for the person who waits, while a program is built. */
  readonly progress: (line: string) => void;
  /** Where `PATH` and `PGMOOR_CACHE` are read. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

interface Recipe {
  /** An installed one has to be this new: workload identities, and what the providers ask of the API. */
  readonly oldest: string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const recipes: Record<ProgramName, Recipe> = {
  consul: { oldest: "1.15.0", flags: [], env: {} },
  // Without cgo it builds as well, but its exec driver cannot start a task.
  nomad: { oldest: "1.8.0", flags: [], env: { CGO_ENABLED: "1" } },
  // All of Vault's cloud plugins would double its size.
  vault: { oldest: "1.15.0", flags: ["-tags", "minimal"], env: {} },
};

/** Finds the programs on PATH, else in the cache, else builds them there, one after the other: each build takes all cores. */
export async function findPrograms(options: FindOptions): Promise<Record<ProgramName, Program>> {
  return {
    consul: await findProgram("consul", options),
    vault: await findProgram("vault", options),
    nomad: await findProgram("nomad", options),
  };
}

/** Finds one program on PATH, else in the cache, else builds it there. */
export async function findProgram(name: ProgramName, options: FindOptions): Promise<Program> {
  const env = options.env ?? process.env;
  const installed = await findOnPath(name, env);
  if (installed) {
    const version = await versionOf(installed);
    if (version && compareVersions(version, recipes[name].oldest) >= 0) {
      return { name, file: installed, version, from: "path" };
    }
    const what = version ? `version ${version}, and ${recipes[name].oldest} is needed` : "says no version";
    options.progress(`${name}: ${installed} is passed over (${what})`);
  }
  const { version } = await goModule(name);
  const entry = `${name}-${version}`;
  const there = await exists(path.join(cacheFolder(env), entry));
  const file = await cached(entry, (target) => build(name, target, options), env);
  return { name, file, version, from: there ? "cache" : "built" };
}

/** The first executable file of this name on PATH. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder))) {
    const file = path.join(folder, name);
    const executable = await fs.access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable && (await fs.stat(file)).isFile()) return file;
  }
  return undefined;
}

/** Below, at or above zero, as `a` is older than, the same as or newer than `b`. Numbers only: what follows is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => parseInt(part, 10) || 0));
  for (let at = 0; at < 3; at++) {
    const difference = (left![at] ?? 0) - (right![at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function versionOf(file: string): Promise<string | undefined> {
  const { stdout } = await run(file, ["version"]).catch(() => ({ stdout: "" }));
  return /\bv?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}

/** What the committed go.mod asks for: the program's version, and the oldest Go that builds it. */
async function goModule(name: ProgramName): Promise<{ folder: string; version: string; go: string }> {
  const folder = path.join(__dirname, name);
  const text = await fs.readFile(path.join(folder, "go.mod"), "utf8");
  const version = new RegExp(`github.com/hashicorp/${name} v(\\S+)`).exec(text)?.[1];
  const go = /^go (\S+)$/m.exec(text)?.[1];
  if (!version || !go) throw new Error(`${folder}/go.mod names no version of ${name}, or none of Go`);
  return { folder, version, go };
}

async function build(name: ProgramName, target: string, options: FindOptions): Promise<void> {
  const { folder, version, go } = await goModule(name);
  const env = options.env ?? process.env;
  const goProgram = await findOnPath("go", env);
  const needs = `${name} ${version} is neither on PATH nor built yet, and building it needs Go ${go} or later`;
  if (!goProgram) throw new Error(`${needs}: install Go, or ${name}`);
  const flags = { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly", GOWORK: "off", ...recipes[name].env };
  const found = (await run(goProgram, ["env", "GOVERSION"], { env: { ...env, ...flags } })).stdout.trim();
  if (compareVersions(found.replace(/^go/, ""), go) < 0)
    throw new Error(`${needs}: ${goProgram} is ${found}`);

  const log = path.join(cacheFolder(env), `${name}-${version}.log`);
  const args = ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", ...recipes[name].flags];
  args.push("-o", target, `github.com/hashicorp/${name}`);
  options.progress(`${name} ${version}: building with ${found}, some minutes the first time (log: ${log})`);
  const failure = await runLogged(
    goProgram,
    args,
    { cwd: folder, env: { ...env, ...flags }, log },
    (progress) => options.progress(`${name} ${version}: ${progress}`),
  );
  if (failure) throw new Error(`${name} ${version} did not build (${failure}); see ${log}`);
}

/** Runs Go with its output in a file, and tells every few seconds how far it is. Returns what went wrong. */
async function runLogged(
  program: string,
  args: readonly string[],
  { cwd, env, log }: { cwd: string; env: NodeJS.ProcessEnv; log: string },
  progress: (line: string) => void,
): Promise<string | undefined> {
  const file = await fs.open(log, "w");
  const begun = Date.now();
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", file.fd, file.fd] });
  const takeBack = onInterrupt(() => Promise.resolve(void child.kill()));
  const report = async () => {
    const lines = (await fs.readFile(log, "utf8")).split("\n");
    const downloads = lines.filter((line) => line.startsWith("go: downloading")).length;
    const seconds = Math.round((Date.now() - begun) / 1000);
    const packages = lines.length - 1 - downloads;
    progress(`${downloads} modules fetched, ${packages} packages compiled, ${seconds} s`);
  };
  const timer = setInterval(() => void report().catch(() => undefined), 10_000);
  try {
    return await new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
    });
  } finally {
    clearInterval(timer);
    takeBack();
    await file.close();
  }
}
