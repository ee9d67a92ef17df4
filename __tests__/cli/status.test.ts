/** `pgmoor status` as a person runs it: what is printed, how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { labFactsFile, type LabFacts } from "../../environments/lab";
import type { Status } from "../../status/report";
import { name, Stage } from "../status/stage";

let stage: Stage;
let folder: string;
beforeEach(async () => {
  stage = await Stage.open();
  stage.job({ phase: "prepared" });
  stage.health("vaultwarden", "passing");
  folder = mkdtempSync(join(tmpdir(), "pgmoor-status-"));
  const facts: LabFacts = {
    nomad: stage.nomad.address,
    vault: stage.vault.server.address,
    consul: stage.consul.address,
    mounts: [],
    states: "folder",
    node: process.execPath,
    programs: folder,
    adopted: [],
    services: [
      {
        name: "vaultwarden",
        sample: "vaultwarden",
        port: 8222,
        volume: "data",
        phase: "prepared",
        existing: ["job"],
        database: name,
        environment: {},
      },
    ],
  };
  writeFileSync(join(folder, labFactsFile), JSON.stringify(facts));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await stage.close();
});

/** @param lines ends it like Ctrl-C after so many @default it ends by itself */
async function status(args: readonly string[], lines = Infinity) {
  const child = spawn(process.execPath, ["-r", "tsx/cjs", "cli/main.ts", "status", ...args], {
    cwd: resolve(__dirname, "../.."),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      PGMOOR_ENVIRONMENT: "lab",
      PGMOOR_LAB: folder,
      VAULT_TOKEN: stage.vault.rootToken,
    },
  });
  const printed: string[] = [];
  let errors = "";
  child.stderr.on("data", (text: Buffer) => void (errors += text.toString()));
  createInterface(child.stdout).on("line", (line) => {
    printed.push(line);
    if (printed.length === lines) child.kill("SIGINT");
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, printed, errors };
}

test("a table and exit code 0; JSON in one line, and 1 for a service that is down", async () => {
  const well = await status([]);
  expect(well.errors).toBe("");
  expect(well.printed).toContainEqual(
    expect.stringMatching(/^vaultwarden +prepared +running +successful +passing/),
  );
  expect(well.code).toBe(0);

  stage.health("vaultwarden", "critical");
  const down = await status(["--json", "vaultwarden"]);
  expect(down.printed).toHaveLength(1);
  const told = JSON.parse(down.printed[0]!) as Status;
  expect(told).toMatchObject({ pgmoor: "status", services: [{ service: "vaultwarden", up: false }] });
  expect(down.code).toBe(1);
});

test("--watch asks again until it is stopped", async () => {
  const watched = await status(["--json", "--watch"], 2);
  const [first, second] = watched.printed.map((line) => JSON.parse(line) as Status);
  expect(Date.parse(second!.asked) - Date.parse(first!.asked)).toBeGreaterThanOrEqual(2000);
  expect(watched).toMatchObject({ code: 0, errors: "" });
});

test("a service that is not there: exit code 2", async () => {
  const unknown = await status(["vaultwardn"]);
  expect(unknown).toMatchObject({ code: 2, printed: [] });
  expect(unknown.errors).toContain('has no service "vaultwardn". It has vaultwarden.');
});
