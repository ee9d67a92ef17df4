import { setTimeout as pause } from "node:timers/promises";
import { chosenEnvironment, loadEnvironment } from "../../environments/model/load";
import { askStatus } from "../../status/ask";
import type { Status } from "../../status/report";
import { statusText } from "../../status/text";
import { isWell } from "../../status/up";
import { namesOf } from "../options/services";

export interface StatusOptions {
  readonly json?: true;
  readonly watch?: true;
}

const everyMilliseconds = 2_000;
/** What a terminal takes for "clear, and begin at the top". */
const clear = "\x1b[2J\x1b[H";

export async function status(names: readonly string[], options: StatusOptions): Promise<void> {
  const environment = loadEnvironment();
  const asking = {
    environment,
    file: `environments/${chosenEnvironment()}.ts`,
    names: namesOf(environment, names),
    env: process.env,
  };
  const stop = new AbortController();
  if (options.watch) for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  do {
    const told = await askStatus(asking);
    if (stop.signal.aborted) return;
    print(told, options);
    process.exitCode = isWell(told) ? 0 : 1;
  } while (options.watch && (await passes(stop.signal)));
}

function print(told: Status, { json, watch }: StatusOptions): void {
  if (json) return void process.stdout.write(`${JSON.stringify(told)}\n`);
  const begin = !watch ? "" : process.stdout.isTTY ? clear : "\n";
  process.stdout.write(begin + statusText(told));
}

/** @returns whether the time passed and nobody stopped us */
async function passes(signal: AbortSignal): Promise<boolean> {
  return pause(everyMilliseconds, true, { signal }).catch(() => false);
}
