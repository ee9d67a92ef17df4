import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pgmoor-rooms-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** What the linter says of a small tree of files with these imports. */
function violations(files: Readonly<Record<string, readonly string[]>>): string[] {
  const tree = mkdtempSync(join(folder, "tree-"));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };
  write("tsconfig.json", "{}");
  for (const [file, imports] of Object.entries(files))
    write(file, [...imports, "export type T = 1;", "export const v = 1;"].join("\n"));
  const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = join(root, ".dependency-cruiser.cjs");
  const args = [program, "--config", config, "--output-type", "json", "."];
  const output = execFileSync(process.execPath, args, { cwd: tree, encoding: "utf8", maxBuffer: 1 << 26 });
  const { summary } = JSON.parse(output) as { readonly summary: { readonly violations: Violation[] } };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort();
}

test("a circle of type imports and imports of a room above are found, and nothing else", () => {
  expect(
    violations({
      "nomad/one.ts": ['import type { T } from "./two";', "export type One = T;"],
      "nomad/two.ts": ['import type { One } from "./one";', "export type Two = One;"],
      "nomad/up.ts": ['import { v } from "../constructs/low";', "export const up = v;"],
      "constructs/low.ts": ['import type { One } from "../nomad/one";', "export type Low = One;"],
      "migrator/copy/copy.ts": ['import { v } from "../base/base";', "export const copy = v;"],
      "migrator/base/base.ts": [],
      "migrator/base/up.ts": ['import type { T } from "../copy/copy";', "export type Up = T;"],
      "migrator/job/constructs.ts": ['import { v } from "../../constructs/low";', "export const low = v;"],
      "review/stacks.ts": ['import type { T } from "../stacks/stack";', "export type Stack = T;"],
      "stacks/stack.ts": ['import { v } from "../constructs/low";', "export const stack = v;"],
      "cli/any.ts": ['import { v } from "../stacks/stack";', "export const any = v;"],
    }),
  ).toEqual([
    "migrator-base-imports-from-below: migrator/base/up.ts -> migrator/copy/copy.ts",
    "migrator-imports-from-below: migrator/job/constructs.ts -> constructs/low.ts",
    "no-circles: nomad/one.ts -> nomad/two.ts",
    "nomad-imports-from-below: nomad/up.ts -> constructs/low.ts",
    "review-imports-from-below: review/stacks.ts -> stacks/stack.ts",
  ]);
});
