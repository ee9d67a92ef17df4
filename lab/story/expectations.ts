import type { Outcome } from "../deployment";

/** Fails the story, with what was expected. */
export function expectThat(condition: boolean, expectation: string, detail = ""): asserts condition {
  if (!condition) throw new Error(detail === "" ? expectation : `${expectation}\n${indent(detail)}`);
}

export function indent(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

/** What a command printed of what went wrong: from Terraform's first error on, else its end. */
export function tail(outcome: Outcome, lines = 60): string {
  const printed = outcome.output.trim().split("\n");
  const first = printed.findIndex((line) => /\bError: /.test(line));
  return (first < 0 ? printed.slice(-lines) : printed.slice(first, first + lines)).join("\n");
}

export function expectSuccess(outcome: Outcome, what: string): void {
  expectThat(outcome.succeeded, `${what} should have succeeded`, tail(outcome));
}
