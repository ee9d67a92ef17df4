/**
 * Whether two texts of the server's mean one expression. It prints some otherwise once they have been through a dump: casts go
 * from a list into its elements, and releases differ in whether they write a column's table before it. What is compared is
 * what is left without casts, without parentheses around one thing and, between two releases, without tables before columns.
 */

const token =
  /\s+|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|\d[\w.]*|[\p{L}_][\p{L}\p{N}_$]*|::|[-+*/<>=~!@#%^&|`?]+|[\s\S]/gu;

/** A word, a text or a sign; or what stands between two brackets. */
type Part = string | { readonly open: "(" | "["; readonly parts: readonly Part[] };

/** Words that go on with the name of a type. */
const typeWords = new Set(["varying", "precision", "with", "without", "time", "zone"]);
const isName = (part: Part | undefined): part is string =>
  typeof part === "string" && /^[\p{L}_"]/u.test(part);

function parse(text: string): Part[] {
  const tokens = [...text.matchAll(token)].map(([found]) => found).filter((found) => found.trim() !== "");
  let at = 0;
  const until = (close?: string): Part[] => {
    const parts: Part[] = [];
    while (at < tokens.length) {
      const found = tokens[at++]!;
      if (found === close) return parts;
      if (found === "(" || found === "[")
        parts.push({ open: found, parts: until(found === "(" ? ")" : "]") });
      else parts.push(found);
    }
    return parts;
  };
  return until();
}

/** Where the name of a type ends that begins at a place. */
function typeEnd(parts: readonly Part[], start: number): number {
  let at = start + 1;
  for (;;) {
    const part = parts[at];
    if (part === "." && isName(parts[at + 1])) at += 2;
    else if (typeof part === "string" && typeWords.has(part)) at++;
    else if (
      typeof part === "object" &&
      part.parts.every((one) => typeof one === "string" && /^[\d,]+$/.test(one))
    )
      at++;
    else return at;
  }
}

function simplified(parts: readonly Part[], unqualified: boolean): Part[] {
  const kept: Part[] = [];
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]!;
    if (part === "::") at = typeEnd(parts, at + 1) - 1;
    else if (part === "." && unqualified && isName(kept.at(-1)) && isName(parts[at + 1])) kept.pop();
    else if (typeof part === "string") kept.push(part);
    else {
      const inner = simplified(part.parts, unqualified);
      const one = inner.length === 1 || (inner.length === 2 && inner[0] === "ARRAY");
      if (one && part.open === "(" && !isCall(kept.at(-1))) kept.push(...inner);
      else kept.push({ open: part.open, parts: inner });
    }
  }
  return kept;
}

/** Whether what follows in parentheses are a function's arguments; ANY and its like take a list either way. */
const isCall = (before: Part | undefined) =>
  isName(before) &&
  !["ANY", "ALL", "SOME", "AND", "OR", "NOT", "CHECK", "USING", "WHERE", "WHEN", "IN", "SELECT"].includes(
    before,
  );

/** @param sameRelease whether both texts come from one release of PostgreSQL. */
export function sameExpression(one: string, other: string, sameRelease: boolean): boolean {
  if (one === other) return true;
  const plain = (text: string) => JSON.stringify(simplified(parse(text.replace(/;\s*$/, "")), !sameRelease));
  return plain(one) === plain(other);
}
