import { runChecks } from "../../check/run";
import { checkText } from "../../check/text";
import { loadEnvironment } from "../../environments/model/load";
import { namesOf } from "../options/services";

export interface CheckOptions {
  readonly json?: true;
}

export async function check(names: readonly string[], { json }: CheckOptions): Promise<void> {
  const environment = loadEnvironment();
  const report = await runChecks(environment, namesOf(environment, names), process.env);
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : checkText(report));
  if (report.problems.length + report.notChecked.length > 0) process.exitCode = 1;
}
