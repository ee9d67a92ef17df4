import * as fs from "node:fs";
import * as path from "node:path";
import type { ChildProcess } from "node:child_process";
import { Deadline } from "../../../migrator/base/deadline";
import { Exchange, schemaTask } from "../../../migrator/peer/exchange";
import { Cleanup, eventually, schemaScript, start } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** Busybox is many programs in one, and `ash` one of its names. */
const busybox = "/bin/busybox";
const shells = ["/bin/sh", "/bin/bash", "/bin/dash", busybox]
  .filter((shell) => fs.existsSync(shell))
  .filter(
    (shell, index, all) =>
      all.findIndex((other) => fs.realpathSync(other) === fs.realpathSync(shell)) === index,
  );

/** A shared directory of an allocation, with one run of the script in it. */
function newAllocation(shell: string) {
  const folder = cleanup.folder();
  const file = (name: string) => path.join(folder, "pgmoor", name);
  return {
    folder,
    file,
    wrapper: (kind: "command" | "app", program: readonly string[], seconds = 20) =>
      start(
        cleanup,
        shell,
        [...(shell === busybox ? ["ash"] : []), schemaScript, String(seconds), kind, "--", ...program],
        { NOMAD_ALLOC_DIR: folder },
      ),
    exchange: (attempt = 1, seconds = 20) => new Exchange(folder, attempt, new Deadline(seconds), schemaTask),
    there: (name: string) => eventually(() => (fs.existsSync(file(name)) ? true : undefined)),
  };
}

/** A program that says it is there, and ends with 0 on TERM a moment later, saying so. */
const app = (folder: string) => [
  "/bin/sh",
  "-c",
  `trap 'echo ended >${folder}/ended; exit 0' TERM; echo $$ >${folder}/pid; while :; do sleep 0.05; done`,
];
const running = (folder: string) => {
  try {
    process.kill(Number(fs.readFileSync(path.join(folder, "pid"), "utf8")), 0);
    return true;
  } catch {
    return false;
  }
};

/** A task that has failed lets migrate end first: Nomad names that one. */
const saysThatItWaits = ({ stdout }: ChildProcess) =>
  new Promise<void>((resolve) =>
    stdout!.on("data", (text: Buffer) => {
      if (text.toString().includes("waiting for its end")) resolve();
    }),
  );

describe.each(shells)("task-wrapper.sh in %s", (shell) => {
  test("a command is run once, and its end is the answer", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    const { done } = wrapper("command", ["/bin/sh", "-c", `echo "$1" >>${folder}/runs`, "-", "two words"]);
    await exchange().build();
    expect((await done).code).toBe(0);
    expect(fs.readFileSync(path.join(folder, "runs"), "utf8")).toBe("two words\n");
  });

  test("a command that fails fails both, with its code, and migrate first", async () => {
    const { wrapper, exchange } = newAllocation(shell);
    const task = wrapper("command", ["/bin/sh", "-c", "exit 7"]);
    const waits = saysThatItWaits(task.child);
    await expect(exchange().build()).rejects.toThrow("exit code 7");
    await waits;
    task.child.kill("SIGTERM");
    expect((await task.done).code).toBe(7);
  });

  test("an app is stopped once it is ready, and has ended when migrate goes on", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    const { done } = wrapper("app", app(folder));
    let asked = 0;
    await exchange().build(() => Promise.resolve(running(folder) && ++asked > 3));
    expect(fs.readFileSync(path.join(folder, "ended"), "utf8")).toBe("ended\n");
    expect(running(folder)).toBe(false);
    expect((await done).code).toBe(0);
  });

  test("an app that ends by itself is a failure, whatever its code", async () => {
    const { wrapper, exchange } = newAllocation(shell);
    const task = wrapper("app", ["/bin/sh", "-c", "exit 0"]);
    const waits = saysThatItWaits(task.child);
    await expect(exchange().build(() => Promise.resolve(false))).rejects.toThrow("exit code 0");
    await waits;
    task.child.kill("SIGTERM");
    expect((await task.done).code).toBe(1);
  });

  test("a program that is not there is a failure", async () => {
    const { wrapper, exchange } = newAllocation(shell);
    const task = wrapper("command", ["/no/such/program"]);
    const waits = saysThatItWaits(task.child);
    await expect(exchange().build()).rejects.toThrow("exit code 127");
    await waits;
    task.child.kill("SIGTERM");
    expect((await task.done).code).toBe(127);
  });

  test("skip ends it without a run", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    const { done } = wrapper("app", app(folder));
    await exchange().skip();
    expect((await done).code).toBe(0);
    expect(fs.existsSync(path.join(folder, "pid"))).toBe(false);
  });

  test("when migrate fails, the app is ended and the task fails", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    const { child, done } = wrapper("app", app(folder));
    const waits = saysThatItWaits(child);
    const peer = exchange();
    const stop = new Error("stop");
    await expect(
      peer.build(() => {
        if (!running(folder)) return Promise.resolve(false);
        throw stop;
      }),
    ).rejects.toBe(stop);
    await peer.abort();
    await waits;
    child.kill("SIGTERM");
    expect((await done).code).not.toBe(0);
    expect(running(folder)).toBe(false);
  });

  test("TERM ends the app and tells migrate", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    const { child, done } = wrapper("app", app(folder));
    const built = exchange().build(() => {
      if (running(folder)) child.kill("SIGTERM");
      return Promise.resolve(false);
    });
    await expect(built).rejects.toThrow("exit code 143");
    expect((await done).code).toBe(143);
    expect(running(folder)).toBe(false);
  });

  test("what the app has started ends with it", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    // The app ends on TERM and leaves a worker behind, as one that does not pass signals on.
    const worker = `trap 'echo ended >${folder}/ended; exit 0' TERM; echo $$ >${folder}/pid; while :; do sleep 0.05; done`;
    const { done } = wrapper("app", ["/bin/sh", "-c", `sh -c "$1" & wait`, "-", worker]);
    await exchange().build(() => Promise.resolve(running(folder)));
    expect(fs.readFileSync(path.join(folder, "ended"), "utf8")).toBe("ended\n");
    expect((await done).code).toBe(0);
  });

  test("what a command leaves running ends before the schema is said to be built", async () => {
    const { folder, wrapper, exchange } = newAllocation(shell);
    const worker = `trap 'echo ended >${folder}/ended; exit 0' TERM; echo $$ >${folder}/pid; while :; do sleep 0.05; done`;
    const program = `sh -c "$1" & while [ ! -s ${folder}/pid ]; do sleep 0.05; done`;
    wrapper("command", ["/bin/sh", "-c", program, "-", worker]);
    await exchange().build();
    expect(fs.readFileSync(path.join(folder, "ended"), "utf8")).toBe("ended\n");
  });

  test("the deadline counts from the program's start, and ends it", async () => {
    const alone = newAllocation(shell);
    const waiting = alone.wrapper("app", app(alone.folder), 1);
    const met = newAllocation(shell);
    const hanging = met.wrapper("app", app(met.folder), 2);
    const waits = saysThatItWaits(hanging.child);
    await expect(met.exchange().build(() => Promise.resolve(false))).rejects.toThrow("exit code 1");
    await waits;
    hanging.child.kill("SIGTERM");
    expect((await hanging.done).code).toBe(1);
    expect(running(met.folder)).toBe(false);
    // Twice the other's deadline has passed.
    expect(waiting.child.exitCode).toBe(null);
    await alone.exchange().skip();
    expect((await waiting.done).code).toBe(0);
    expect(fs.existsSync(path.join(alone.folder, "pid"))).toBe(false);
  });

  test("files of an earlier run are never acted on", async () => {
    const { folder, file, wrapper, exchange, there } = newAllocation(shell);
    // A whole earlier run, as it was left behind.
    const earlier = wrapper("command", ["/bin/sh", "-c", `echo run >>${folder}/runs`]);
    await exchange(1).build();
    await earlier.done;
    const request = fs.readFileSync(file("request"), "utf8");
    const answer = fs.readFileSync(file("schema.answer"), "utf8");

    // Migrate comes first and finds the old hello and the old answer: it waits for the new one.
    const building = exchange(1).build();
    fs.writeFileSync(file("schema.answer"), answer);
    await there("request");
    const later = wrapper("command", ["/bin/sh", "-c", `echo run >>${folder}/runs`]);
    await building;
    expect((await later.done).code).toBe(0);
    expect(fs.readFileSync(path.join(folder, "runs"), "utf8")).toBe("run\nrun\n");

    // The script comes first and finds the old request: it waits for the new one.
    fs.writeFileSync(file("request"), request);
    const last = wrapper("command", ["/bin/sh", "-c", `echo run >>${folder}/runs`]);
    const waits = new Promise<void>((resolve) => last.child.stdout!.once("data", () => resolve()));
    await waits;
    await exchange(2).skip();
    expect((await last.done).code).toBe(0);
    expect(fs.readFileSync(path.join(folder, "runs"), "utf8")).toBe("run\nrun\n");
  });
});

test("without a schema task, migrate fails at its deadline and says so", async () => {
  const { exchange } = newAllocation("/bin/sh");
  await expect(exchange(1, 0.3).build()).rejects.toThrow("did not report within the deadline");
});
