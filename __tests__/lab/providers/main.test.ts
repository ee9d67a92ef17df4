import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";

jest.setTimeout(30_000);

const root = join(__dirname, "../../..");

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** Runs `lab/providers/main.ts` with Node, as `tsx` does. */
function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ["--import", "tsx", "lab/providers/main.ts", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  return child;
}

async function run(...args: string[]) {
  const child = start(...args);
  const [out, error, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { code, out, error };
}

const node = (script: string) => ["--", process.execPath, "-e", script];

test("the command finds five providers attached, which end with it, and its exit code is passed on", async () => {
  // WHEN
  const { code, out } = await run(
    ...node(
      "console.log(process.env.TF_REATTACH_PROVIDERS, process.env.CHECKPOINT_DISABLE); process.exit(7)",
    ),
  );

  // THEN
  expect(code).toBe(7);
  const [, json, checkpoint] = /^(.*) (\d)\n$/.exec(out) ?? [];
  expect(checkpoint).toBe("1");
  const attached = JSON.parse(json ?? "{}") as Record<string, { Addr: { String: string }; Test: boolean }>;
  const providers = [
    "cyrilgdn/postgresql",
    "hashicorp/consul",
    "hashicorp/nomad",
    "hashicorp/random",
    "hashicorp/vault",
  ];
  // OpenTofu has the same ones under its own registry's name.
  expect(Object.keys(attached).sort()).toEqual(
    ["registry.opentofu.org", "registry.terraform.io"].flatMap((registry) =>
      providers.map((provider) => `${registry}/${provider}`),
    ),
  );
  for (const { Addr, Test } of Object.values(attached)) {
    expect(Test).toBe(true);
    expect(Addr.String).toMatch(/^127\.0\.0\.1:\d+$/);
    await expect(reach(Addr.String)).rejects.toThrow("ECONNREFUSED");
  }
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "the command is told of %s and decides itself how it ends",
  async (signal) => {
    // GIVEN a command that says when it listens
    const child = start(
      ...node(
        `process.on("${signal}", () => process.exit(9)); setInterval(() => {}, 1000); console.log("listening")`,
      ),
    );
    await once(child.stdout as NodeJS.ReadableStream, "data");

    // WHEN
    child.kill(signal);

    // THEN
    expect(await once(child, "exit")).toEqual([9, null]);
  },
);

test("a command that a signal ends, one that is not there, and none at all", async () => {
  const [killed, missing, none] = await Promise.all([
    run(...node("process.kill(process.pid, 'SIGKILL')")),
    run("--", "no-such-command"),
    run(),
  ]);

  expect(killed.code).toBe(137);
  expect(missing).toMatchObject({ code: 127, error: "no-such-command: command not found\n" });
  expect(none.code).toBe(2);
  expect(none.error).toContain("tsx lab/providers/main.ts -- COMMAND ARGS");
});

async function reach(address: string): Promise<void> {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  await once(socket, "connect");
  socket.destroy();
}
