/** What `pgmoor report` tells. Its `--json` prints this. */

export interface Report {
  readonly pgmoor: "report";
  readonly environment: string;
  /** When it was asked, ISO 8601. */
  readonly asked: string;
  /** The statements that took the most time, the first one first; or why nobody could tell. */
  readonly statements: readonly Statement[] | { readonly unknown: string };
  readonly databases: readonly DatabaseReport[];
}

export interface Statement {
  readonly database: string;
  /** PostgreSQL's number of it, as in the metrics. */
  readonly queryid: string;
  /** With `$1` in the places of values, cut off at 300 characters. */
  readonly query: string;
  readonly calls: number;
  /** In all, and on average. */
  readonly seconds: number;
  readonly meanMilliseconds: number;
  readonly rows: number;
  /** Share of the time of all statements, 0 to 1. */
  readonly share: number;
}

export interface DatabaseReport {
  readonly service: string;
  readonly database: string;
  /** Or why nobody could look. */
  readonly findings: readonly Finding[] | { readonly unknown: string };
}

export interface Finding {
  readonly kind:
    | "unused-index"
    | "duplicate-index"
    | "missing-index"
    | "foreign-key-without-index"
    | "bloat"
    | "vacuum"
    | "analyze";
  /** The table or index, with its schema. */
  readonly of: string;
  /** What was seen. */
  readonly what: string;
  /** What to do: a statement, or a sentence. */
  readonly advice: string;
}
