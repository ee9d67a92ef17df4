/**
 * What `network: "bridge"` does to an app that builds its schema on 127.0.0.1: a container of a bridge has a network namespace
 * of its own, made here with unshare and iproute2 as Docker makes one.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { freePorts, waitFor } from "../../lab/servers/wait";

const root = process.getuid?.() === 0 && process.platform === "linux";
if (!root) console.log("skipped: network namespaces need Linux and root");
const asRoot = root ? test : test.skip;

const app = (port: number) =>
  `require("node:http").createServer((_, answer) => answer.end("up")).listen(${port}, "127.0.0.1", () => console.log("listening"))`;
const ask = (port: number) =>
  `fetch("http://127.0.0.1:${port}/").then(() => process.exit(0), () => process.exit(1))`;

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

/** Starts an app, and waits until it listens on its loopback. */
async function start(command: readonly [string, ...string[]]): Promise<ChildProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  running.push(child);
  await once(child.stdout, "data");
  return child;
}

async function answers(command: readonly [string, ...string[]]): Promise<boolean> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}

asRoot(
  "in a bridge, the app is on a loopback that the migrator does not see; in the host's network it is",
  async () => {
    const [bridged, onHost] = (await freePorts(2)) as [number, number];
    const inside = `ip link set lo up && exec "$0" -e '${app(bridged)}'`;
    const container = await start(["unshare", "--net", "sh", "-c", inside, process.execPath]);
    const migrator = (port: number) => [process.execPath, "-e", ask(port)] as const;
    expect(await answers(["nsenter", "--net", "--target", String(container.pid), ...migrator(bridged)])).toBe(
      true,
    );
    expect(await answers(migrator(bridged))).toBe(false);

    await start([process.execPath, "-e", app(onHost)]);
    await waitFor({ what: "the app in the host's network answers", deadlineSeconds: 10 }, () =>
      answers(migrator(onHost)),
    );
  },
  // It starts five programs, on a machine that may have other things to do.
  60_000,
);
