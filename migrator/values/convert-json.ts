import { largePower, tooManyDigits, unchangedText } from "./convert-text";
import { escapeCopy, help, misplaced, Misfit, type Convert } from "./misfit";
import type { TargetColumn } from "../server/target";

/** jsonb keeps one of several equal keys: such an object is refused. The server judges the rest. */
export function json(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = unchangedText(column, text);
  return (storage, value, tally) => {
    const field = plain(storage, value, tally);
    if (storage === "t" && repeatsKey(text(value as Buffer))) {
      throw new Misfit(`object with the same key twice in a column of type ${column.described}`);
    }
    requireNumbers(storage === "t" ? text(value as Buffer) : field, column);
    return field;
  };
}

/** @throws Misfit for a number that jsonb cannot hold, or would print with thousands of digits */
function requireNumbers(text: string, { described }: TargetColumn): void {
  if (!/-0(?!\.?0*[1-9])/.test(text) && !largePower.test(text)) return;
  const mark = /"|-?\d[\d.eE+-]*/g;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const [token] = found;
    if (token === '"') {
      const end = endOfString(text, mark.lastIndex);
      if (end < 0) return;
      mark.lastIndex = end + 1;
    } else if (/^-0*\.?0*(e|$)/i.test(token))
      throw new Misfit(`negative zero in a column of type ${described}, which cannot hold it`);
    else if (largePower.test(token)) throw tooManyDigits(described);
  }
}

/** Whether an object in a JSON text has a key twice. Text that is no JSON gives any answer. */
export function repeatsKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  const [mark, colon] = [/["[\]{}]/g, /\s*:/y];
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const start = mark.lastIndex;
    if (found[0] === "{") open.push(new Set());
    else if (found[0] === "[") open.push(undefined);
    else if (found[0] !== '"') open.pop();
    else {
      const end = endOfString(text, start);
      if (end < 0) return false;
      mark.lastIndex = colon.lastIndex = end + 1;
      if (!colon.test(text)) continue;
      const keys = open.at(-1);
      const key = unquote(text.slice(start, end));
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}

/** Where the string's closing quote is. A regular expression for it runs out of stack in one of megabytes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    let at = end;
    while (at > start && text[at - 1] === "\\") at--;
    if ((end - at) % 2 === 0) return end;
  }
  return -1;
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
  const plain = unchangedText(column, text);
  return (storage, value, tally) => {
    if (storage !== "t")
      throw misplaced(storage, column.described, storage === "b" ? help.cast("utf8") : undefined);
    if (column.type === "_numeric" && largePower.test(text(value as Buffer)))
      throw tooManyDigits(column.described);
    const literal = arrayLiteral(text(value as Buffer), column);
    return literal === undefined ? plain(storage, value, tally) : escapeCopy(literal);
  };
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\],]|[^\s[\],"]+/g;
const words: Record<string, string> = { "[": "{", "]": "}", null: "NULL", true: "t", false: "f" };

/** A JSON array as PostgreSQL writes one, numbers as they are written; `undefined` for what is none, or holds objects. */
function arrayLiteral(written: string, { type, described }: TargetColumn): string | undefined {
  if (!/^\s*\[/.test(written) || !isJson(written)) return undefined;
  const parts = written.match(tokens) ?? [];
  if (parts.some((part) => part.startsWith("{"))) return undefined;
  // JSON's true is a boolean; as text it would be read as `t`.
  if (type !== "_bool" && parts.some((part) => part === "true" || part === "false"))
    throw new Misfit(`JSON boolean in a column of type ${described}`);
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
