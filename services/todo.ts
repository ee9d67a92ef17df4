/** A question that `pgmoor adopt` could not answer. It fits no type, and an environment that has one is refused. */
export class Unanswered {
  constructor(readonly question: string) {}
}

export function todo(question: string): Unanswered {
  return new Unanswered(question);
}

/** Every question in a value, with its path. */
export function unanswered(
  value: unknown,
  path: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; question: string }[] {
  if (value instanceof Unanswered) return [{ path, question: value.question }];
  if (typeof value !== "object" || value === null) return [];
  const steps = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return steps.flatMap(([step, member]) => unanswered(member, [...path, step]));
}
