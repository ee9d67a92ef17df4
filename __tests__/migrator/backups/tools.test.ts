import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { runTool } from "../../../migrator/backups/tools";

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-tools-"));
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

/** One that has ended may still be in the table of processes, until its parent has noticed. */
async function lives(pid: number): Promise<boolean> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}
const whichLive = (pids: readonly number[]) => Promise.all(pids.map(lives));

test.each([
  ["at once", ""],
  ["by force", "trap '' TERM;"],
])("a stop ends %s a program and what it has started, and then it throws", async (_, ignoring) => {
  // GIVEN a program with a child, as pg_basebackup has one
  const file = path.join(folder, "pids");
  const script = `${ignoring} sleep 60 & echo $$ $! > ${file}.new; mv ${file}.new ${file}; wait; wait`;
  const stop = new AbortController();
  const running = runTool({ program: "sh", args: ["-c", script], env: {}, stop: stop.signal });
  running.catch(() => undefined);
  let pids: number[] | undefined;
  while (pids === undefined)
    pids = await fs.readFile(file, "utf8").then(
      (text) => text.trim().split(" ").map(Number),
      () => undefined,
    );
  expect(await whichLive(pids)).toEqual([true, true]);

  // WHEN
  stop.abort(new Error("stopped by SIGTERM"));

  // THEN
  await expect(running).rejects.toThrow("stopped by SIGTERM");
  expect(await whichLive(pids)).toEqual([false, false]);
});

test("exit code, output and the last words", async () => {
  const script = "echo out; echo wrong >&2; exit 3";
  const stop = new AbortController().signal;
  expect(await runTool({ program: "sh", args: ["-c", script], env: {}, stop })).toEqual({
    code: 3,
    stdout: "out\n",
    said: "wrong",
  });
  await expect(runTool({ program: "pgmoor-has-no-such", args: [], env: {}, stop })).rejects.toThrow(
    "is not on PATH",
  );
});
