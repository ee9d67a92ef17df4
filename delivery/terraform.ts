/** Terraform in a synthesized stack's folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { terraformProgram } from "../terraform-states/program";

export interface Outcome {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Terraform asks nobody: neither the person nor its maker. */
const quiet = { CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", TF_INPUT: "0" };

/** Both end a command that is under way; Terraform takes the first as "as soon as it is safe". */
const ending = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs a command of Terraform to its end, also when this process is told to end: a state that is written half is worse than
 * a minute's wait.
 *
 * @param show whether the person at the terminal sees what it prints, while it prints
 */
export async function terraform(folder: string, args: readonly string[], show = false): Promise<Outcome> {
  const child = spawn(terraformProgram(), [`-chdir=${folder}`, ...args, "-no-color"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...quiet },
    // Its own group: at a terminal, Ctrl-C would reach it twice, and Terraform takes the second as "at once".
    detached: true,
  });
  const end = (): void => void child.kill("SIGINT");
  for (const signal of ending) process.on(signal, end);
  try {
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8");
      child[name].on("data", (text: string) => {
        output[name] += text;
        if (show) process.stderr.write(text);
      });
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { succeeded: code === 0, ...output };
  } finally {
    for (const signal of ending) process.off(signal, end);
  }
}

/** Terraform's errors, without the frame that it draws around them. */
export function errorWords({ stdout, stderr }: Outcome): string {
  const text = `${stderr}\n${stdout}`.replace(/^[\s│╷╵]+/gm, "");
  const from = text.search(/^Error: /m);
  return (from < 0 ? text : text.slice(from)).trim().slice(0, 2_000);
}
