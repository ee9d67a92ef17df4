import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { endProcess, isRunning, startProcess, type StartOptions } from "../../../lab/servers/process";
import { waitFor } from "../../../lab/servers/wait";

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-process-"));
});

afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const options = (script: string): StartOptions => ({
  name: "Sleeper",
  program: "/bin/sh",
  args: ["-c", script],
  env: { PATH: process.env.PATH! },
  cwd: folder,
  log: path.join(folder, "log"),
  ready: () => fs.readFile(path.join(folder, "ready"), "utf8").then((text) => text !== ""),
});

test("ending a process ends its children as well", async () => {
  const server = await startProcess(options("sleep 100 & echo $! > child; mv child ready; wait"));
  const child = Number(await fs.readFile(path.join(folder, "ready"), "utf8"));
  expect(alive(child)).toBe(true);
  await server.stop();
  expect(isRunning(server)).toBe(false);
  await waitFor({ what: "the child has ended", deadlineSeconds: 5 }, () => Promise.resolve(!alive(child)));
});

test("one that ignores the signal is killed after its grace", async () => {
  const server = await startProcess(options("trap '' TERM; echo yes > ready; while :; do sleep 1; done"));
  await server.stop({ graceSeconds: 0.1 });
  expect(isRunning(server)).toBe(false);
});

test("one that does not get ready is ended, and its log is in the error", async () => {
  const start = startProcess({
    ...options("echo starting up; echo $$ > pid; sleep 100"),
    deadlineSeconds: 0.3,
  });
  await expect(start).rejects.toThrow(
    /Sleeper did not start: not within 0\.3 s[^]*ENOENT[^]*\| starting up\n\(log: /,
  );
  expect(alive(Number(await fs.readFile(path.join(folder, "pid"), "utf8")))).toBe(false);
});

test("one that ends by itself is not waited for", async () => {
  const begun = Date.now();
  await expect(startProcess(options("echo no such port; exit 7"))).rejects.toThrow(
    /exit code 7\n {2}\| no such port/,
  );
  expect(Date.now() - begun).toBeLessThan(10_000);
});

test("a program that cannot be started is an error like any other", async () => {
  const missing = { ...options(""), program: path.join(folder, "nothing") };
  await expect(startProcess(missing)).rejects.toThrow(/Sleeper did not start: .*ENOENT/);
});

test("a later process with the same number is left alone", async () => {
  const server = await startProcess(options("echo yes > ready; sleep 100"));
  await endProcess({ name: "Sleeper", pid: server.pid, started: "1" });
  expect(isRunning(server)).toBe(true);
  await server.stop();
});

test.each(["SIGINT", "SIGTERM"] as const)("%s of the program ends what it started", async (signal) => {
  const script = path.join(folder, "program.ts");
  const server = options("echo $$ > pid; mv pid ready; sleep 100");
  await fs.writeFile(
    script,
    `import * as fs from "node:fs/promises";
     import { startProcess } from ${JSON.stringify(path.join(__dirname, "../../../lab/servers/process"))};
     const ready = () => fs.access(${JSON.stringify(path.join(folder, "ready"))}).then(() => true);
     void startProcess({ ...${JSON.stringify(server)}, ready }).then(() => { console.log("up"); setInterval(() => {}, 1e6); });`,
  );
  const program = spawn(process.execPath, ["--import", "tsx", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise((resolve) => program.once("exit", resolve));
  await new Promise((resolve) => program.stdout.once("data", resolve));
  const pid = Number(await fs.readFile(path.join(folder, "ready"), "utf8"));
  program.kill(signal);
  expect(await exit).toBe(128 + os.constants.signals[signal]);
  expect(alive(pid)).toBe(false);
});

/** A zombie, which nobody has waited for yet, is not alive. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
