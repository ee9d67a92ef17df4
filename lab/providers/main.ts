import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { wordsOf } from "./protocol/fault";
import { serveProviders } from "./serve";

const usage = `Runs a command, such as terraform or cdktf, with stand-ins for the vault, nomad, consul, random and
postgresql providers attached.

  tsx lab/providers/main.ts -- COMMAND ARGS…
`;

/** Signals that are for the command to act on. */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (!command || command.startsWith("-")) {
    process.stderr.write(usage);
    return 2;
  }
  const providers = await serveProviders();
  try {
    return await run(command, rest, { TF_REATTACH_PROVIDERS: providers.reattach, CHECKPOINT_DISABLE: "1" });
  } finally {
    await providers.stop();
  }
}

/** Runs a command on this terminal. Its exit code is the result, as a shell would have it. */
function run(command: string, args: string[], env: Record<string, string>): Promise<number> {
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

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  },
);
