/** Vault's policies, as far as they can be compared: paths with their capabilities. */

export type Policy = ReadonlyMap<string, ReadonlySet<string>>;

const block = /path\s+"((?:[^"\\]|\\.)*)"\s*\{\s*capabilities\s*=\s*\[([^\]]*)\]\s*\}/g;

/** @returns nothing for a policy that has more than paths with capabilities */
export function readPolicy(text: unknown): Policy | undefined {
  if (typeof text !== "string") return undefined;
  const policy = new Map<string, Set<string>>();
  const rest = text.replace(block, (_all, path: string, capabilities: string) => {
    const all = policy.get(path) ?? new Set();
    for (const [, capability] of capabilities.matchAll(/"([a-z]+)"/g)) all.add(capability!);
    policy.set(path, all);
    return "";
  });
  return rest.replace(/^\s*#.*$/gm, "").trim() === "" ? policy : undefined;
}

/** What a policy allows that another does not. Of a new one: what goes beyond reading single secrets. */
export function widerThan(policy: Policy, before: Policy | undefined, isNew: boolean): string[] {
  return [...policy].flatMap(([path, capabilities]) => {
    const had = new Set(
      [...(before ?? [])].filter(([other]) => covers(other, path)).flatMap(([, all]) => [...all]),
    );
    const more = [...capabilities].filter((capability) => !had.has(capability) && capability !== "deny");
    const odd = /[*+]/.test(path) ? "every path like " : "";
    if (more.length === 0 || (isNew && odd === "" && more.every((capability) => capability === "read")))
      return [];
    return [`would allow ${more.join(", ")} on ${odd}${path}.`];
  });
}

/** Whether a path of a policy stands for all that another stands for: `*` at its end, `+` for a segment. */
function covers(wide: string, path: string): boolean {
  if (wide === path) return true;
  const segments = wide.replace(/\*$/, "").split("/");
  const pattern = segments
    .map((segment) => (segment === "+" ? "[^/]+" : segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("/");
  return new RegExp(`^${pattern}${wide.endsWith("*") ? "" : "$"}`).test(path);
}
