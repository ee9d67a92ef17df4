/** Somebody's mistake, to be mended by them: a message without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** One thing wrong in an environment. */
export interface Problem {
  /** Where: `services[2].definition.database.name`. */
  readonly path: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
}

/** Every problem at once, a line each. */
export class InvalidEnvironment extends UserError {
  constructor(environment: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    super(
      [
        `The environment "${environment}" has ${count}; nothing was touched.`,
        ...problems.map(({ path, message }) => `  ${path}: ${message}`),
      ].join("\n"),
    );
  }
}
