import type { Tree } from "./page-file";

export interface SourceColumn {
  readonly name: string;
  /** SQLite computes it. */
  readonly generated: boolean;
  /** Its place in a row as it is stored; `undefined` for one that is computed anew each time. */
  readonly place: number | undefined;
  /** It is another name of the rowid, which a row as it is stored does not repeat. */
  readonly isRowid: boolean;
  /** Its values are reals, though a row as it is stored has integers for those without a fraction. */
  readonly isReal: boolean;
}

export interface SourceTable {
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  /** What tells a row from the others: the rowid, or the columns of the primary key in a table without one. */
  readonly key: readonly string[];
  /** Name that reaches the rowid, by which a table is read in pages; virtual tables and those without a rowid are not. */
  readonly rowid: string | undefined;
  /** The page of the file where its rows begin. */
  readonly root: number;
  /** How they lie there; `undefined` for a virtual table, whose rows are elsewhere. */
  readonly tree: Tree | undefined;
  /** Why SQLite here cannot read it: the app's SQLite has what ours has not. @default it can */
  readonly unreadable?: string;
}
