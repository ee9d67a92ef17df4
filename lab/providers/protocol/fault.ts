import type { Fields } from "./value";

export interface FaultDetails {
  /** The attribute it is about. */
  attribute?: string;
  /** Only said, nothing is stopped. */
  warning?: boolean;
  /** What there is all the same: Terraform keeps it, tainted when it was to be made. */
  left?: Fields;
}

/** Something a person can mend: what happened and where, then what to do about it. */
export class Fault extends Error {
  constructor(
    summary: string,
    readonly detail = "",
    readonly more: FaultDetails = {},
  ) {
    super(summary);
  }
}

/** An error's own words, whatever was thrown and wherever it comes from. */
export function wordsOf(error: unknown): string {
  const { message } = Object(error) as { message?: unknown };
  return typeof message === "string" ? message : String(error);
}
