import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onInterrupt } from "../lab/servers/cleanup";

/**
 * Runs a program to its end, or ends it with us, or when it is told to. Its errors are shown.
 * @returns its exit code, `undefined` when it is not installed.
 */
export async function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  line: (text: string) => void,
  stop?: AbortSignal,
): Promise<number | undefined> {
  const child = spawn(program, [...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  stop?.addEventListener("abort", () => child.kill());
  const takeBack = onInterrupt(() => Promise.resolve(void child.kill("SIGKILL")));
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? resolve(undefined) : reject(error),
    );
    child.once("close", (code) => resolve(code ?? 1));
  });
  createInterface(child.stdout).on("line", line);
  return ended.finally(takeBack);
}
