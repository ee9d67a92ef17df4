import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { oldestGo } from "../../../lab/servers/build";
import { compareVersions } from "../../../lab/servers/path";
import { findProgram } from "../../../lab/servers/programs";
import { programNames } from "../../../lab/servers/program";
import { type ProgramName } from "../../../lab/servers/program";
import { missingRequirements } from "../../../lab/servers/requirements";
import { putOnPath } from "../../../lab/servers/terraform";

let folder: string;
let env: { PATH: string; PGMOOR_CACHE: string };
let said: string[];

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-programs-"));
  env = { PATH: path.join(folder, "bin"), PGMOOR_CACHE: path.join(folder, "cache") };
  said = [];
});

afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const find = (name: ProgramName) => findProgram(name, { env, progress: (line) => said.push(line) });

test("a program on PATH is used, and says its version", async () => {
  const file = await script("bin/nomad", 'echo "Nomad v1.99.3+ent"');
  expect(await find("nomad")).toEqual({ name: "nomad", file, version: "1.99.3", from: "path" });
});

test("a program on PATH that is too old is passed over, with a word, for the one in the cache", async () => {
  await script("bin/vault", 'echo "Vault v1.0.0 (abc)"');
  const file = await script(`cache/vault-${await pinned("vault")}`, "");
  expect(await find("vault")).toMatchObject({ file, from: "cache" });
  expect(said).toEqual([expect.stringMatching(/vault: .*bin\/vault is not used \(version 1\.0\.0, /)]);
});

test.each([
  ["without Go", undefined],
  ["with a Go that is too old", "go1.18.1"],
])("%s, a program that has to be built is one line that says so", async (_what, go) => {
  if (go !== undefined) await script("bin/go", `echo ${go}`);
  await expect(find("consul")).rejects.toThrow(
    /^consul \S+ is not on PATH and not built yet. Building it needs Go [\d.]+ or later on PATH$/,
  );
});

test("a build leaves its program in the cache under its version", async () => {
  await fakeGo('while [ "$1" != -o ]; do shift; done; echo built > "$2"');
  const version = await pinned("consul");
  const file = path.join(env.PGMOOR_CACHE, `consul-${version}`);
  expect(await find("consul")).toEqual({ name: "consul", file, version, from: "built" });
  expect(await find("consul")).toMatchObject({ file, from: "cache" });
  expect(await fs.readFile(file, "utf8")).toBe("built\n");
});

test("a build that fails is one line with its log, and leaves nothing that would be taken for a program", async () => {
  await fakeGo("echo cannot find module >&2; exit 3");
  const failure = /^consul \S+ did not build \(exit code 3\); see (\S+)$/;
  const message = await find("consul").then(String, (error: Error) => error.message);
  expect(message).toMatch(failure);
  expect(await fs.readFile(failure.exec(message)![1]!, "utf8")).toContain("cannot find module");
  expect(await fs.readdir(env.PGMOOR_CACHE)).toEqual([expect.stringMatching(/\.log$/)]);
});

test("versions are compared by number", () => {
  expect(compareVersions("1.10.0", "1.9.9")).toBeGreaterThan(0);
  expect(compareVersions("1.11", "1.11.0")).toBe(0);
  expect(compareVersions("1.11.0-beta1", "1.12.0")).toBeLessThan(0);
});

test("everything that is missing is told at once, with the line that installs it", async () => {
  const lines = await missingRequirements(env);
  expect(lines.join("\n")).toMatch(
    /git on PATH.*\n.*Go [\d.]+ or later on PATH \(there is none\), to build consul/,
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/a C compiler \(cc\) on PATH, to build nomad [\d.]+\.$/),
  );
  expect(lines.slice(-4)).toEqual([
    "Install what is missing:",
    "  Debian, Ubuntu: apt-get install git golang-go gcc libc6-dev",
    "  Fedora: dnf install git golang gcc",
    "  Arch: pacman -S git go gcc",
  ]);
});

test("nothing is asked for that nothing has to be built with", async () => {
  await script("bin/git", "");
  await script("bin/terraform", 'echo "Terraform v1.11.4"');
  for (const name of programNames.filter((one) => one !== "terraform"))
    await script(`cache/${name}-${await pinned(name)}`, "");
  expect((await missingRequirements(env)).filter((line) => /Go|Install|compiler/.test(line))).toEqual([]);
});

test("a Terraform that is too old is built, which asks for Go", async () => {
  await script("bin/terraform", `echo "Terraform v1.9.8"`);
  await script("bin/go", `echo go1.20.14`);
  expect(await missingRequirements(env)).toContainEqual(
    expect.stringMatching(`Go ${oldestGo} or later on PATH \\(this is 1.20.14\\), to build .*terraform`),
  );
});

test("a Terraform that was built is on PATH under its own name", async () => {
  const file = await script(`cache/terraform-${await pinned("terraform")}`, "echo built");
  await putOnPath(await find("terraform"), env);
  const [first] = env.PATH.split(":");
  expect(await fs.realpath(path.join(first!, "terraform"))).toBe(await fs.realpath(file));
  const installed = await script("bin/terraform", 'echo "Terraform v1.12.0"');
  env.PATH = path.dirname(installed);
  await putOnPath(await find("terraform"), env);
  expect(env.PATH).toBe(path.dirname(installed));
});

async function script(name: string, body: string): Promise<string> {
  const file = path.join(folder, name);
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

/** A `go` that is new enough and does this for `go build`. */
function fakeGo(build: string): Promise<string> {
  return script("bin/go", `[ "$1" = env ] && { echo go1.99.0; exit; }\n${build}`);
}

async function pinned(name: string): Promise<string> {
  const text = await fs.readFile(path.join(__dirname, "../../../lab/servers", name, "go.mod"), "utf8");
  return new RegExp(`hashicorp/${name} v(\\S+)`).exec(text)![1]!;
}
