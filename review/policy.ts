/** What a pull request allows in its own words, and what fails. */
import type { Risk } from "./rules/rule";

/** `pgmoor: allow destroy postgresql_database.x` */
export interface Allowance {
  readonly rule: string;
  readonly address: string;
}

export interface Allowances {
  readonly allowed: readonly Allowance[];
  /** Lines that begin like one and cannot be understood. */
  readonly unread: readonly string[];
}

/**
 * The allowances in a text, such as a pull request's description: lines of their own, that everyone can see. What is quoted
 * (`>`) or in an HTML comment is not said.
 */
export function readAllowances(text: string, rules: ReadonlySet<string>): Allowances {
  const lines = text
    .replace(/<!--[^]*?(-->|$)/g, "")
    .split(/\r?\n/)
    .map((line) =>
      line
        .trim()
        .replace(/^[-*] +/, "")
        .replace(/^`(.*)`$/, "$1"),
    )
    .filter((line) => /^pgmoor:/i.test(line));
  const allowed: Allowance[] = [];
  const unread: string[] = [];
  for (const line of lines) {
    const [, rule, address] = /^pgmoor:\s*allow\s+(\S+)\s+(\S+)$/i.exec(line) ?? [];
    if (rule !== undefined && address !== undefined && rules.has(rule)) allowed.push({ rule, address });
    else unread.push(line);
  }
  return { allowed, unread };
}

export const noAllowances: Allowances = { allowed: [], unread: [] };

/** Risks that fail a review whatever its policy: nothing could be deployed, or nobody has said that it may be lost. */
export const alwaysFailing: readonly Risk[] = ["failed", "loses"];
