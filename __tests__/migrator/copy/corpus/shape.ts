import type { MigrationTable, Rule } from "../../../../services/rules";

/** A whole database, and what comes of it. */
export interface ShapeCase {
  readonly name: string;
  readonly target: string;
  readonly source: string;
  readonly rules?: readonly Rule[];
  readonly migrationTables?: readonly MigrationTable[];
  /** A query of the target, and what it answers after the copy. */
  readonly reads?: readonly [query: string, rows: readonly object[]];
  /** What is recorded beside. */
  readonly notes?: object;
  /** All of these are in the refusal. */
  readonly refused?: readonly string[];
}
