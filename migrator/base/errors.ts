/** What an end leaves behind unless it says otherwise. */
const nothingChanged = "nothing changed";

/**
 * The migrator will not go on: a person has to mend or decide something first.
 * The message says what was found, where, and what to do; `left` what the app's data is like now. Exit code 2.
 */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(
    message: string,
    readonly left = nothingChanged,
  ) {
    super(message);
  }
}

/**
 * Something went wrong that may go right at the next try: a peer that failed, a deadline, a lost connection.
 * `left` says what the app's data is like now. Exit code 1.
 */
export class Failed extends Error {
  override readonly name = "Failed";

  constructor(
    message: string,
    readonly left = nothingChanged,
  ) {
    super(message);
  }
}

/** The message of anything thrown, without a stack trace. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/** How a program ends on an error: what a person is told, and the exit code. */
export function ending(error: unknown) {
  const refused = error instanceof Refused;
  const left = refused || error instanceof Failed ? error.left : nothingChanged;
  const outcome = refused ? "refused" : "failed";
  return { outcome, left, message: messageOf(error), exitCode: refused ? 2 : 1 } as const;
}
