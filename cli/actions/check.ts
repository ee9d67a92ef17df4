import { runChecks } from "../../check/run";
import { checkText } from "../../check/text";
import { loadEnvironment } from "../../environments/model/load";
import { UserError } from "../../environments/model/problems";
import { namesOf } from "../options/services";

export interface CheckOptions {
  readonly json?: true;
  readonly rehearse?: true;
}

export async function check(names: readonly string[], { json, rehearse }: CheckOptions): Promise<void> {
  const environment = loadEnvironment();
  const stop = new AbortController();
  if (rehearse)
    for (const signal of ["SIGINT", "SIGTERM"])
      process.once(signal, () => {
        console.error("Stopping: what the rehearsal made is removed first.");
        stop.abort(new UserError("Stopped. What the rehearsal had made is removed."));
      });
  const rehearsing = rehearse && { stop: stop.signal, say: (line: string) => console.error(line) };
  const report = await runChecks(environment, namesOf(environment, names), process.env, rehearsing);
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : checkText(report));
  if (report.problems.length + report.notChecked.length > 0) process.exitCode = 1;
}
