/**
 * Times `cdktf synth` of the homelab, and main.ts alone, against a peer in the same run: loading cdktf and the providers'
 * classes. The median of five; the last line is JSON. With numbers as arguments: a line for an environment of as many
 * services each.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { loadEnvironment } from "../environments/model/load";

const project = path.resolve(__dirname, "..");
const outdir = mkdtempSync(path.join(tmpdir(), "pgmoor-bench-"));
const environment = {
  ...process.env,
  CDKTF_OUTDIR: outdir,
  CHECKPOINT_DISABLE: "1",
  PGMOOR_ENVIRONMENT: "homelab",
};

/** Prints the process's peak memory, in KiB, as it ends. */
const tellMemory = path.join(outdir, "tell-memory.cjs");
writeFileSync(
  tellMemory,
  `process.on("exit", () => console.error("maxRSS " + process.resourceUsage().maxRSS));`,
);

interface Run {
  readonly seconds: number;
  readonly mib: number;
}

function run(program: string, args: readonly string[]): Run {
  const begun = performance.now();
  const { status, stderr } = spawnSync(program, args, { cwd: project, env: environment, encoding: "utf8" });
  const seconds = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return { seconds, mib: Number(/maxRSS (\d+)/.exec(stderr)?.[1] ?? 0) / 1024 };
}

function median(program: string, args: readonly string[]): Run {
  const runs = Array.from({ length: 5 }, () => run(program, args)).sort((a, b) => a.seconds - b.seconds);
  return runs[2]!;
}

/** cdktf and the classes of the providers loaded, and nothing more: what no program can do without. */
function peerProgram(): string[] {
  const classes = [
    "consul/lib/data-consul-service-health",
    "nomad/lib/job",
    "postgresql/lib/database",
    "random/lib/provider",
    "vault/lib/kv-secret-v2",
  ];
  const file = path.join(outdir, "bare.cjs");
  const modules = ["cdktf", ...classes.map((name) => `@cdktf/provider-${name}`)];
  const loads = modules.map((name) => `require(${JSON.stringify(require.resolve(name))});`);
  writeFileSync(file, `${loads.join("\n")}\n`);
  return ["-r", tellMemory, file];
}

const program = (...args: string[]) => ["-r", tellMemory, "-r", "tsx/cjs", ...args];
const rounded = (seconds: number) => Number(seconds.toFixed(3));

function homelabLine(): void {
  const peer = median(process.execPath, peerProgram());
  const own = median(process.execPath, program("main.ts"));
  const cli = median(path.join(project, "node_modules/.bin/cdktf"), ["synth", "--output", outdir]);
  const services = loadEnvironment("homelab").services.length;
  console.log(`cdktf and the providers' classes, loaded and nothing more: ${peer.seconds.toFixed(2)} s`);
  console.log(
    `main.ts: ${(own.seconds / peer.seconds).toFixed(2)} times that; cdktf synth: ${cli.seconds.toFixed(2)} s`,
  );
  console.log(
    JSON.stringify({
      services,
      programSeconds: rounded(own.seconds),
      cliSeconds: rounded(cli.seconds),
      mib: Math.round(own.mib),
    }),
  );
}

function generatedLine(services: number): void {
  const { seconds, mib } = run(process.execPath, program("bench/generated.ts", String(services)));
  console.log(JSON.stringify({ services, programSeconds: rounded(seconds), mib: Math.round(mib) }));
}

try {
  const counts = process.argv.slice(2).map(Number);
  if (counts.length === 0) homelabLine();
  else for (const count of counts) generatedLine(count);
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
