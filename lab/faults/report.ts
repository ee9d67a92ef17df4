import { columns } from "../../status/columns";
import { complaints, type Fault, type Result } from "./fault";
import type { Subject } from "./subjects";

/** What is shown of a fault and a service. */
export interface Line {
  readonly result: Result;
  /** What is worse than it should be. */
  readonly complaints: readonly string[];
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
      result.endedOn,
      { right: String(result.rowsLost) },
      { right: result.healthyAfterSeconds === null ? "never" : `${result.healthyAfterSeconds.toFixed(1)} s` },
      { right: `${result.longestSilenceSeconds.toFixed(1)} s` },
      complaints.length === 0 ? "ok" : `WORSE: ${complaints.join("; ")}`,
    ]),
  ).join("\n");
}
