/** Which name of the target a name of the source is. */

/** Bytes of a name at the most, where PostgreSQL was not built for more. */
const nameBytes = 63;

/** What PostgreSQL keeps of a name: no half of a character. */
export function cutOff(name: string): string {
  const bytes = Buffer.from(name);
  let end = Math.min(nameBytes, bytes.length);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

interface Named {
  readonly name: string;
}

/**
 * Pairs names: by a rule, as they are, else without regard to case if that leaves no doubt, or as PostgreSQL cuts a long name
 * off.
 * @param renamed what a rule says of a name; `taken` is called if the target has it.
 */
export function pair<S extends Named, T extends Named>(
  sources: readonly S[],
  targets: readonly T[],
  renamed: (source: S) => { readonly to: string; readonly taken: () => void } | undefined,
) {
  const left = new Set(targets);
  const pairs = new Map<S, T>();
  const take = (source: S, is: (name: string) => boolean): boolean => {
    const alike = [...left].filter(({ name }) => is(name));
    if (alike.length !== 1) return false;
    pairs.set(source, alike[0]!);
    return left.delete(alike[0]!);
  };
  const unpaired = () => sources.filter((source) => !pairs.has(source) && renamed(source) === undefined);
  for (const source of sources) {
    const rule = renamed(source);
    if (rule !== undefined && take(source, (name) => name === rule.to)) rule.taken();
  }
  for (const source of unpaired()) take(source, (name) => name === source.name);
  for (const source of unpaired()) take(source, (name) => name.toLowerCase() === source.name.toLowerCase());
  const long = unpaired();
  for (const source of long) {
    const kept = cutOff(source.name);
    const alike = long.filter((other) => cutOff(other.name) === kept);
    if (kept !== source.name && alike.length === 1) take(source, (name) => name === kept);
  }
  return { pairs, sourceOnly: sources.filter((source) => !pairs.has(source)), targetOnly: [...left] };
}
