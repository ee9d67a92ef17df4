/** What the lab shows at its end. */
export interface MovedService {
  readonly name: string;
  readonly phase: string;
  readonly rows: number;
  /** Of the snapshot: database file and log. */
  readonly bytes: number;
  readonly tables: number;
  readonly verified: boolean;
  readonly downtimeSeconds: number;
}

export function table(services: readonly MovedService[]): string {
  const rows = [
    ["service", "phase", "tables", "rows", "bytes", "verified", "downtime"],
    ...services.map(({ name, phase, tables, rows, bytes, verified, downtimeSeconds }) => [
      name,
      phase,
      tables.toLocaleString("en"),
      rows.toLocaleString("en"),
      bytes.toLocaleString("en"),
      verified ? "yes" : "NO",
      `${downtimeSeconds.toFixed(1)} s`,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const numeric = new Set([2, 3, 4, 6]);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        numeric.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd();
  return [
    line(rows[0]!),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...rows.slice(1).map(line),
  ].join("\n");
}
