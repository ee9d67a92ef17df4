import { plainText } from "./convert-text";
import { escapeCopy, Misfit, type Convert } from "./misfit";
import type { TargetColumn } from "./target";

/** jsonb keeps one of several equal keys: such an object is refused. The server judges the rest. */
export function json(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = plainText(column, text);
  return (storage, value, tally) => {
    const field = plain(storage, value, tally);
    if (storage === "t" && repeatsKey(text(value as Buffer))) {
      throw new Misfit(`object with the same key twice in a column of type ${column.described}`);
    }
    return field;
  };
}

/** Whether an object in a JSON text has a key twice. Text that is no JSON gives any answer. */
export function repeatsKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (const [, string, colon, bracket] of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|([[\]{}])/gs)) {
    if (bracket === "{") open.push(new Set());
    else if (bracket === "[") open.push(undefined);
    else if (bracket !== undefined) open.pop();
    else if (string !== undefined && colon !== undefined) {
      const keys = open.at(-1);
      const key = unquote(string);
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}

function unquote(string: string): string {
  try {
    return JSON.parse(`"${string}"`) as string;
  } catch {
    return string;
  }
}

/** An array from PostgreSQL's own form, or from the text of a JSON array, as apps keep lists in SQLite. The server judges. */
export function array(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = plainText(column, text);
  return (storage, value, tally) => {
    const literal = storage === "t" ? arrayLiteral(text(value as Buffer)) : undefined;
    return literal === undefined ? plain(storage, value, tally) : escapeCopy(literal);
  };
}

const tokens = /"(?:[^"\\]|\\.)*"|[[\],]|[^\s[\],"]+/g;
const words: Record<string, string> = { "[": "{", "]": "}", null: "NULL", true: "t", false: "f" };

/** A JSON array as PostgreSQL writes one, numbers as they are written; `undefined` for what is none, or holds objects. */
function arrayLiteral(written: string): string | undefined {
  if (!/^\s*\[/.test(written) || !isJson(written)) return undefined;
  const parts = written.match(tokens) ?? [];
  if (parts.some((part) => part.startsWith("{"))) return undefined;
  return parts
    .map((part) =>
      part.startsWith('"')
        ? `"${(JSON.parse(part) as string).replace(/["\\]/g, "\\$&")}"`
        : (words[part] ?? part),
    )
    .join("");
}

function isJson(written: string): boolean {
  try {
    JSON.parse(written);
    return true;
  } catch {
    return false;
  }
}
