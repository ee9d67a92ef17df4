/** What this machine lacks, all of it at once, with the line that installs it. */
import { goVersion, goModule, needsCompiler, oldestGo } from "./build";
import { compareVersions, findOnPath } from "./path";
import { findBuilt } from "./programs";
import { programNames } from "./program";
import { type ProgramName } from "./program";

/** Packages of one thing, by distribution. */
interface Packages {
  readonly debian: string;
  readonly fedora: string;
  readonly arch: string;
}

interface Lack {
  /** A line: what is missing, and for what. */
  readonly line: string;
  /** Absent: nothing that could be installed. */
  readonly packages?: Packages;
}

const installers: Record<keyof Packages, (packages: string) => string> = {
  debian: (packages) => `Debian, Ubuntu: apt-get install ${packages}`,
  fedora: (packages) => `Fedora: dnf install ${packages}`,
  arch: (packages) => `Arch: pacman -S ${packages}`,
};

/**
 * What this machine lacks to run the lab: a line each, and at the end the line that installs it. Empty when nothing does.
 * Go and a C compiler are asked for only when a program has to be built.
 */
export async function missingRequirements(env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const lacks: Lack[] = [];
  if (process.platform !== "linux")
    lacks.push({
      line: `Linux: this is ${process.platform}, and Nomad's exec driver needs Linux.`,
    });
  if (process.getuid?.() !== 0)
    lacks.push({
      line: "root, for Nomad's exec driver: run it with sudo, or in a virtual machine.",
    });
  if ((await findOnPath("git", env)) === undefined)
    lacks.push({
      line: "git on PATH, for the pull requests of `npm run lab -- review`.",
      packages: { debian: "git", fedora: "git", arch: "git" },
    });
  lacks.push(...(await missingToBuild(programNames, env)));
  return linesOf("The lab needs", lacks);
}

/** The same, of these programs alone. */
export async function missingForPrograms(
  names: readonly ProgramName[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  return linesOf(`Missing to build ${names.join(", ")}:`, await missingToBuild(names, env));
}

async function missingToBuild(names: readonly ProgramName[], env: NodeJS.ProcessEnv): Promise<Lack[]> {
  const found = await Promise.all(names.map((name) => findBuilt(name, env)));
  const unbuilt = names.filter((_, at) => found[at]!.program === undefined);
  const titled = await Promise.all(unbuilt.map(async (name) => `${name} ${(await goModule(name)).version}`));
  if (unbuilt.length === 0) return [];
  const lacks: Lack[] = [];
  const go = await goVersion(env);
  if (go === undefined || compareVersions(go, oldestGo) < 0)
    lacks.push({
      line: `Go ${oldestGo} or later on PATH (${go === undefined ? "there is none" : `this is ${go}`}), to build ${titled.join(", ")}. Or install these programs.`,
      packages: { debian: "golang-go", fedora: "golang", arch: "go" },
    });
  if (unbuilt.some(needsCompiler) && (await findOnPath("cc", env)) === undefined)
    lacks.push({
      line: `a C compiler (cc) on PATH, to build ${titled.filter((_, at) => needsCompiler(unbuilt[at]!)).join(", ")}.`,
      packages: { debian: "gcc libc6-dev", fedora: "gcc", arch: "gcc" },
    });
  return lacks;
}

function linesOf(title: string, lacks: readonly Lack[]): string[] {
  if (lacks.length === 0) return [];
  const packages = lacks.flatMap((lack) => (lack.packages === undefined ? [] : [lack.packages]));
  const install = (Object.keys(installers) as (keyof Packages)[]).map(
    (distribution) => `  ${installers[distribution](packages.map((each) => each[distribution]).join(" "))}`,
  );
  return [
    title,
    ...lacks.map(({ line }) => `  ${line}`),
    ...(packages.length === 0 ? [] : ["Install what is missing:", ...install]),
  ];
}
