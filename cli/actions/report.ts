import { loadEnvironment } from "../../environments/model/load";
import { askReport } from "../../report/ask";
import { reportText } from "../../report/text";
import { namesOf } from "../options/services";

export interface ReportOptions {
  readonly json?: true;
}

export async function report(names: readonly string[], { json }: ReportOptions): Promise<void> {
  const environment = loadEnvironment();
  const told = await askReport(environment, namesOf(environment, names), process.env);
  process.stdout.write(json ? `${JSON.stringify(told)}\n` : reportText(told));
  process.exitCode = told.databases.some(({ findings }) => "unknown" in findings) ? 1 : 0;
}
