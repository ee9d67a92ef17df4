import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pgmoor-loaded-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly output: string;
  /** Files of this project and of its packages, from its folder. */
  readonly loaded: readonly string[];
}

function pgmoor(...args: string[]): Ended {
  const report = join(folder, "loaded.json");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["-r", "tsx/cjs", "-r", "./__tests__/cli/loaded.cjs", "cli/main.ts", ...args],
    {
      cwd: root,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: folder, PGMOOR_ENVIRONMENT: "lab", PGMOOR_TEST_LOADED: report },
    },
  );
  const files = JSON.parse(readFileSync(report, "utf8")) as string[];
  return { status, output: stdout + stderr, loaded: files.map((file) => relative(root, file)) };
}

/** The packages among the files. */
function packagesOf({ loaded }: Ended): string[] {
  const names = loaded.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

test.each([[["--help"]], [["migrate", "--help"]]])("%j loads what help needs and nothing else", (args) => {
  const ended = pgmoor(...args);
  expect(ended.output).toMatch(/^Usage: pgmoor/);
  expect(ended.status).toBe(0);
  // tsx and its compiler run the program.
  expect(packagesOf(ended)).toEqual(["commander", "esbuild", "tsx"]);
  expect(ended.loaded.filter((file) => /^(migrator|stacks|constructs|cli\/actions)\//.test(file))).toEqual(
    [],
  );
});

// Each is refused by its own code, which is loaded by then.
test.each([
  ["check-states", [], "PGMOOR_LAB"],
  ["status", [], "PGMOOR_LAB"],
  ["check", [], "PGMOOR_LAB"],
  ["login", ["--role", "plan"], "GITHUB_ENV"],
  ["review", ["is-not-there/plan.json"], "is-not-there"],
  ["migrate", ["--source", "a.db", "--target", "mysql://x"], "--target: not a database URL"],
])("%s does not load cdktf", (command, args, says) => {
  const ended = pgmoor(command, ...args);
  expect(ended.output).toContain(says);
  expect(ended.loaded).toContain(`cli/actions/${command}.ts`);
  expect(packagesOf(ended).filter((name) => /cdktf|constructs/.test(name))).toEqual([]);
});
