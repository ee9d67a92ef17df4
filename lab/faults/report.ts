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
  const rows = [
    ["fault", "service", "data on", "rows lost", "back after", "no row for", ""],
    ...lines.map(({ result, complaints }) => [
      result.fault,
      result.service,
      result.endedOn,
      String(result.rowsLost),
      result.healthyAfterSeconds === null ? "never" : `${result.healthyAfterSeconds.toFixed(1)} s`,
      `${result.longestSilenceSeconds.toFixed(1)} s`,
      complaints.length === 0 ? "ok" : `WORSE: ${complaints.join("; ")}`,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column >= 3 && column <= 5 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
