import type { Change, Stack } from "../stack";

/** In the order of their weight. `failed`: there is no plan that could be applied. */
export const risks = ["failed", "data-loss", "loses", "security", "downtime", "drift"] as const;
export type Risk = (typeof risks)[number];

export interface Hit {
  readonly address: string;
  /** Said of the resource: "would be destroyed, with all its data". */
  readonly reason: string;
}

/** Something a reviewer has to know. Its id is the word by which a pull request allows it. */
export interface ReviewRule {
  readonly id: string;
  readonly risk: Risk;
  readonly find: (stack: Stack) => readonly Hit[];
}

/**
 * A rule that looks at each change by itself.
 *
 * @param types only resources of these types @default all
 * @param look why it is a risk, in as many sentences as there are reasons
 */
export function eachChange(
  rule: Pick<ReviewRule, "id" | "risk"> & {
    readonly types?: readonly string[];
    readonly look: (change: Change, stack: Stack) => string | readonly string[] | undefined;
  },
): ReviewRule {
  const { id, risk, types, look } = rule;
  return {
    id,
    risk,
    find: (stack) =>
      stack.changes
        .filter(({ type }) => types?.includes(type) ?? true)
        .flatMap((change) =>
          [look(change, stack) ?? []].flat().map((reason) => ({ address: change.address, reason })),
        ),
  };
}

/** Values of attributes that are lists of strings, or nothing. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
