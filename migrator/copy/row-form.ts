import type { TablePlan } from "./copy-plan";

/**
 * The form of COPY that a table's rows go over in, are read back in and are summed in.
 *
 * `binary`: PostgreSQL parses and prints nothing, and a real stays the same 64 bits. `text`: for what only PostgreSQL can
 * read.
 */
export type RowForm = "text" | "binary";

/** Binary for a table whose usual values are all known byte by byte, and lie in the file. */
export function rowForm({ source, columns }: TablePlan): RowForm {
  const isKnown = columns.every(
    ({ source: name, target, converter }) =>
      converter.fastPath !== undefined &&
      !target.generated &&
      // What SQLite computes on reading is not in the file.
      source.columns.find((one) => one.name === name)?.place !== undefined,
  );
  return isKnown && columns.length > 0 && source.tree !== undefined ? "binary" : "text";
}

/** What comes before the rows in the binary form: signature, no flags, no extension. */
export const binaryHeader = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);

/** What comes behind them. */
export const binaryEnd = Buffer.from([0xff, 0xff]);
