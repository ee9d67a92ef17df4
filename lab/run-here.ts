import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Signals that are for the command to act on. */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a command on this terminal. Its exit code is the result, as a shell would have it. */
export function runHere(command: string, args: string[], env: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
    for (const signal of forwarded) {
      process.on(signal, () => {
        // At a terminal Ctrl-C reaches the command by itself, and Terraform takes a second one as "at once".
        if (signal !== "SIGINT" || !inForeground()) child.kill(signal);
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "command not found" : error.message;
      process.stderr.write(`${command}: ${reason}\n`);
      resolve(error.code === "ENOENT" ? 127 : 126);
    });
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** Whether this process is of the group that its terminal sends Ctrl-C to. */
function inForeground(): boolean {
  try {
    // After the name in parentheses: state, parent, group, session, terminal, the terminal's group.
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY;
  }
}
