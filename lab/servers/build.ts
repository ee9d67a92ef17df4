/** Builds a server's program from its Go module, whose go.mod and go.sum lie in a folder beside this file. */
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./cache";
import { onInterrupt } from "./cleanup";
import { compareVersions, findOnPath } from "./path";
import type { FindOptions } from "./program";
import type { ProgramName, ToolName } from "./program";

const run = promisify(execFile);

interface Recipe {
  readonly flags: readonly string[];
  /** For the linker, besides leaving out what only a debugger needs. */
  readonly linker?: string;
  readonly env: Readonly<Record<string, string>>;
}

type Buildable = ProgramName | ToolName;

const recipes: Record<Buildable, Recipe> = {
  consul: { flags: [], env: {} },
  // Without cgo it builds as well, but its exec driver cannot start a task.
  nomad: { flags: [], env: { CGO_ENABLED: "1" } },
  // Without it this is version 1.11.4-dev, which no constraint on a version allows.
  terraform: { flags: [], linker: "-X github.com/hashicorp/terraform/version.dev=no", env: {} },
  // All of Vault's cloud plugins would double its size.
  vault: { flags: ["-tags", "minimal"], env: {} },
  restic: { flags: [], env: { CGO_ENABLED: "0" } },
  versitygw: { flags: [], env: { CGO_ENABLED: "0" } },
  // Of its ways to find what it watches, only Consul is used here; all of them would take four times as long.
  prometheus: { flags: ["-tags", "remove_all_sd,enable_consul_sd"], env: { CGO_ENABLED: "0" } },
  promtool: { flags: ["-tags", "remove_all_sd,enable_consul_sd"], env: { CGO_ENABLED: "0" } },
  opentofu: { flags: [], linker: "-X github.com/opentofu/opentofu/version.dev=no", env: {} },
};

/** The Go package of a program. */
function packageOf(name: Buildable): string {
  if (name === "restic") return "github.com/restic/restic/cmd/restic";
  if (name === "versitygw") return "github.com/versity/versitygw/cmd/versitygw";
  if (name === "prometheus" || name === "promtool") return `github.com/prometheus/prometheus/cmd/${name}`;
  if (name === "opentofu") return "github.com/opentofu/opentofu/cmd/tofu";
  return `github.com/hashicorp/${name}`;
}

/** Whether a program needs a C compiler to be built. */
export function needsCompiler(name: Buildable): boolean {
  return recipes[name].env.CGO_ENABLED === "1";
}

/** The oldest Go that fetches a newer one by itself, where a module asks for it. Source: https://go.dev/doc/toolchain */
export const oldestGo = "1.21.0";

/** `auto` also where a distribution's Go has `local` as its default, as Fedora's has. */
const settings = { GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly", GOWORK: "off" };

/** The version of the Go on PATH. @returns nothing where there is none */
export async function goVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const go = await findOnPath("go", env);
  if (go === undefined) return undefined;
  // Its own version, not that of a newer one which it would fetch.
  const local = { env: { ...env, GOTOOLCHAIN: "local" } };
  const { stdout } = await run(go, ["env", "GOVERSION"], local).catch(() => ({ stdout: "" }));
  return /^go(\d+(?:\.\d+)*)/.exec(stdout)?.[1];
}

/** Where a program's go.mod lies, and the version that it asks for. */
export async function goModule(name: Buildable): Promise<{ folder: string; version: string }> {
  // One module has both.
  const folder = path.join(__dirname, name === "promtool" ? "prometheus" : name);
  const text = await fs.readFile(path.join(folder, "go.mod"), "utf8");
  const version = new RegExp(`${packageOf(name).replace(/\/cmd\/.*/, "")} v(\\S+)`).exec(text)?.[1];
  if (!version) throw new Error(`${folder}/go.mod names no version of ${name}`);
  return { folder, version };
}

/** Builds a program into the file `target`. */
export async function build(name: Buildable, target: string, options: FindOptions): Promise<void> {
  const { folder, version } = await goModule(name);
  const env = options.env ?? process.env;
  const go = await findOnPath("go", env);
  const found = await goVersion(env);
  if (go === undefined || found === undefined || compareVersions(found, oldestGo) < 0)
    throw new Error(
      `${name} ${version} is not on PATH and not built yet. Building it needs Go ${oldestGo} or later on PATH`,
    );
  const log = path.join(cacheFolder(env), `${name}-${version}.log`);
  const linker = ["-s -w", ...[recipes[name].linker ?? []].flat()].join(" ");
  const args = ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", linker, ...recipes[name].flags];
  args.push("-o", target, packageOf(name));
  options.progress(
    `${name} ${version}: building with Go ${found}, which takes some minutes the first time (log: ${log})`,
  );
  const goEnv = { ...env, ...settings, ...recipes[name].env };
  const failure = await runLogged(go, args, { cwd: folder, env: goEnv, log }, (progress) =>
    options.progress(`${name} ${version}: ${progress}`),
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
