/** Lines of columns, for a terminal. */

/** A cell that is a number stands to the right. */
export type Cell = string | { readonly right: string };

/** @param head a name for each column; it stands where the column's cells do */
export function columns(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const isRight = head.map((_, at) => rows.some((row) => typeof row[at] !== "string"));
  const texts = [
    head,
    ...rows.map((row) => row.map((cell) => printable(typeof cell === "string" ? cell : cell.right))),
  ];
  const widths = head.map((_, at) => Math.max(...texts.map((row) => row[at]!.length)));
  return texts.map((row) =>
    row
      .map((cell, at) => (isRight[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** Without what a terminal would take for a command: names and messages come from anybody. */
export function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "?");
}
