import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Environment } from "../../environments/model/environment";
import { servicesAlone } from "../support/services-alone";
import { synthesizeStacks } from "../../stacks/synthesize";

type Manifest = { readonly stacks: Record<string, { readonly workingDirectory: string }> };
type Stack = { readonly terraform: { readonly backend: { readonly local: { readonly path: string } } } };

const outdir = mkdtempSync(join(tmpdir(), "pgmoor-output-"));
const before = process.env.CDKTF_OUTDIR;

beforeAll(() => void (process.env.CDKTF_OUTDIR = outdir));
afterAll(() => {
  if (before === undefined) delete process.env.CDKTF_OUTDIR;
  else process.env.CDKTF_OUTDIR = before;
  rmSync(outdir, { recursive: true });
});

/** Synthesizes an environment as main.ts does. @returns the folders in which the cdktf command would run Terraform */
function synthesized(name: string, services = servicesAlone.services.slice(0, 2)): string[] {
  const environment: Environment = { ...servicesAlone, name, services, states: undefined };
  synthesizeStacks(environment, "#!/bin/sh\n");
  const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as Manifest;
  return Object.values(stacks)
    .map(({ workingDirectory }) => join(outdir, workingDirectory))
    .sort();
}

const stateOf = (folder: string) =>
  (JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Stack).terraform.backend.local.path;

test("two environments in one output folder have no working folder in common", () => {
  const first = synthesized("first");
  const second = synthesized("second");
  expect(first.filter((folder) => second.includes(folder))).toEqual([]);
  expect(first.map((folder) => relative(outdir, folder))).toEqual([
    "environments/first/stacks/speedtest",
    "environments/first/stacks/vaultwarden",
  ]);
  for (const folder of first) expect(stateOf(folder)).toContain("/states/first/");
  for (const folder of second) expect(stateOf(folder)).toContain("/states/second/");
  // Back again: cdktf finds the first one's stacks, where Terraform has left its own files.
  expect(synthesized("first")).toEqual(first);
});

test("the folder of a service that left goes, and that of another environment stays", () => {
  const [speedtest] = synthesized("first");
  const others = synthesized("second");
  synthesized("first", servicesAlone.services.slice(0, 1));
  expect(existsSync(speedtest!)).toBe(false);
  expect(others.every(existsSync)).toBe(true);
});
