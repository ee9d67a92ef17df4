import { columns } from "../../status/columns";
import { complaints, type Fault, type Result } from "./fault";
import type { Subject } from "./subjects";

/** What is shown of a fault and a service. */
export interface Line {
  readonly result: Result | FailedFault;
  /** What is worse than it should be. */
  readonly complaints: readonly string[];
}

/** A fault that could not be tried, or left the lab in disorder. */
export interface FailedFault {
  readonly fault: string;
  readonly service: string;
  readonly error: string;
}

export function failedLine(
  { name }: Fault,
  { name: service }: { readonly name: string },
  error: string,
): Line {
  return { result: { fault: name, service, error }, complaints: ["could not be tried to its end"] };
}

export function lineOf(fault: Fault, result: Result, subject: Subject): Line {
  return { result, complaints: complaints(fault, result, subject) };
}

/** For people. */
export function table(lines: readonly Line[]): string {
  return columns(
    ["fault", "service", "data on", "rows lost", "back after", "no row for", ""],
    lines.map(({ result, complaints }) => [
      result.fault,
      result.service,
      ...("error" in result ? ["", "", "", ""] : figures(result)),
      complaints.length === 0 ? "ok" : `WORSE: ${complaints.join("; ")}`,
    ]),
  ).join("\n");
}

function figures({ endedOn, rowsLost, healthyAfterSeconds, longestSilenceSeconds }: Result) {
  return [
    endedOn,
    { right: String(rowsLost) },
    { right: healthyAfterSeconds === null ? "never" : `${healthyAfterSeconds.toFixed(1)} s` },
    { right: `${longestSilenceSeconds.toFixed(1)} s` },
  ];
}
