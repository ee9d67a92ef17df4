/** The report as a person reads it. */
import { columns } from "../status/columns";
import type { CheckReport, Finding } from "./report";

export function checkText({ environment, problems, notes, notChecked }: CheckReport): string {
  const lines = (findings: readonly Finding[]) =>
    columns(
      ["service", "probe", "what"],
      findings.map(({ service, probe, what }) => [service ?? "(all)", probe, what]),
    );
  const sections = [
    problems.length === 0
      ? []
      : [
          `${problems.length} ${problems.length === 1 ? "problem" : "problems"} in ${environment}:`,
          "",
          ...lines(problems),
        ],
    notChecked.length === 0
      ? []
      : [
          "Not checked:",
          "",
          ...columns(
            ["probe", "why"],
            notChecked.map(({ probe, why }) => [probe, why]),
          ),
        ],
    notes.length === 0 ? [] : ["Notes:", "", ...lines(notes)],
    problems.length + notChecked.length === 0 ? [`${environment}: no problem found.`] : [],
  ];
  return sections
    .filter((section) => section.length > 0)
    .map((section) => `${section.join("\n")}\n`)
    .join("\n");
}
