import { execFile } from "node:child_process";
import { join, resolve } from "node:path";

const project = resolve(__dirname, "../..");
const plan = (situation: string) => join("__tests__/review/plans", situation, "plan.json");

/** As `npm run pgmoor -- review` does. */
function review(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      ["-r", "tsx/cjs", "cli/main.ts", "review", ...args],
      {
        cwd: project,
        env: { ...process.env, INIT_CWD: project, NO_COLOR: undefined, FORCE_COLOR: undefined },
      },
      (_error, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test("it passes, fails, or refuses what it cannot read; output for a file has no colours", async () => {
  const [passes, fails, missing, noPlan, wrong, json] = await Promise.all([
    review(plan("extension-removed"), "--fail-on", "security"),
    review(plan("extension-removed"), "--fail-on", "data-loss,security"),
    review("nowhere/plan.json"),
    review("package.json"),
    review(plan("nothing"), "--fail-on", "everything"),
    review(plan("cutover"), "--format", "json"),
  ]);
  expect(passes).toMatchObject({ code: 0, stderr: "" });
  expect(passes.stdout).toMatch(/^Passes\. 1 of 1 service changes\./);
  expect(passes.stdout).not.toContain("\x1b");
  expect(fails.code).toBe(1);
  expect(missing).toMatchObject({ code: 2, stdout: "" });
  expect(missing.stderr).toMatch(/nowhere\/plan\.json cannot be read: no such file\.\n$/);
  expect(noPlan.code).toBe(2);
  expect(noPlan.stderr).toMatch(/package\.json is not a plan \(make it with terraform show -json PLANFILE\)/);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("Allowed: failed, data-loss, loses, security, downtime, drift.");
  expect(JSON.parse(json.stdout)).toMatchObject({ verdict: "pass", services: [{ service: "cutover" }] });
}, 60_000);
