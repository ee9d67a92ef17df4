import { plainText } from "./convert-text";
import { Misfit, type Convert } from "./misfit";
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
