/** The report as a person reads it. */
import { columns, printable } from "../status/columns";
import type { DatabaseReport, Finding, Report } from "./findings";

export function reportText({ environment, asked, statements, databases }: Report): string {
  return [
    [`${environment}, ${asked.replace("T", " ").replace(/\.\d+Z$/, " UTC")}`],
    ["Statements that took the most time:", ...statementLines(statements)],
    ...databases.map(databaseLines),
  ]
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function statementLines(statements: Report["statements"]): string[] {
  if ("unknown" in statements) return [printable(`  ? ${statements.unknown}`)];
  if (statements.length === 0) return ["  none was counted yet"];
  const lines = columns(
    ["database", "share", "seconds", "calls", "mean", "statement"],
    statements.map(({ database, share, seconds, calls, meanMilliseconds, query }) => [
      database,
      { right: `${(share * 100).toFixed(1)} %` },
      { right: seconds.toFixed(1) },
      { right: calls.toLocaleString("en") },
      { right: `${meanMilliseconds.toFixed(2)} ms` },
      query,
    ]),
  );
  return [
    ...lines,
    "What to do: EXPLAIN (ANALYZE, BUFFERS) the first one. A Seq Scan of a large table asks for an index.",
  ];
}

const titles: Readonly<Record<Finding["kind"], string>> = {
  "unused-index": "unused index",
  "duplicate-index": "duplicate index",
  "missing-index": "index missing",
  "foreign-key-without-index": "foreign key without index",
  bloat: "bloat",
  vacuum: "vacuum",
  analyze: "analyze",
};

function databaseLines({ service, database, findings }: DatabaseReport): string[] {
  const title = service === database ? service : `${service} (database ${database})`;
  if ("unknown" in findings) return [title, printable(`  ? ${findings.unknown}`)];
  if (findings.length === 0) return [title, "  nothing to do"];
  return [
    title,
    ...findings.flatMap(({ kind, of, what, advice }) => [
      printable(`  ${titles[kind]}: ${of}: ${what}`),
      printable(`    ${advice}`),
    ]),
  ];
}
