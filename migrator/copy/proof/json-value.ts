/** A JSON text as a value: keys in order, numbers by their value, strings by their characters. */
import { decimalOf, formOf, hasLargePower } from "./decimal";
import { NoMeaning } from "./no-meaning";

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** An array or an object that has begun. */
interface Open {
  readonly close: "]" | "}";
  readonly items: string[];
  /** Of the member that is read. */
  key: string;
  readonly keys: Set<string>;
}

/**
 * The same text for equal values.
 * @throws NoMeaning for text that is not JSON, and for what jsonb would lose: a key twice, the sign of zero.
 */
export function jsonForm(text: string): string {
  let at = 0;
  const wrong = () => new NoMeaning("text that is not JSON");
  const skip = () => {
    while (" \t\n\r".includes(text[at] ?? "x")) at++;
  };
  const expect = (character: string) => {
    skip();
    if (text[at] !== character) throw wrong();
    at++;
  };
  const string = (): string => {
    const start = at;
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length) throw wrong();
      if (text[at] === "\\") at++;
    }
    at++;
    let read: string;
    try {
      read = JSON.parse(text.slice(start, at)) as string;
    } catch {
      throw wrong();
    }
    if (/\0|\p{Surrogate}/u.test(read)) throw new NoMeaning("a character that jsonb cannot hold");
    return read;
  };
  /** A string, a number or a word. */
  const scalarForm = (): string => {
    if (text[at] === '"') return JSON.stringify(string());
    scalar.lastIndex = at;
    const word = scalar.exec(text);
    if (word === null) throw wrong();
    at += word[0].length;
    if (hasLargePower(word[0])) throw new NoMeaning("a number of thousands of digits");
    const number = decimalOf(word[0]);
    if (number?.digits === "" && number.negative) throw new NoMeaning("negative zero");
    return number === undefined ? word[0] : formOf(number);
  };
  /** Reads the key of an object's next member. */
  const key = (of: Open) => {
    skip();
    if (text[at] !== '"') throw wrong();
    of.key = JSON.stringify(string());
    if (of.keys.has(of.key)) throw new NoMeaning("object with the same key twice");
    of.keys.add(of.key);
    expect(":");
  };
  // Not by calls of itself: PostgreSQL takes values in one another that are deeper than our stack.
  const value = (): string => {
    const open: Open[] = [];
    for (;;) {
      skip();
      const first = text[at];
      const close = first === "[" ? "]" : first === "{" ? "}" : undefined;
      let form: string;
      if (close === undefined) form = scalarForm();
      else {
        at++;
        skip();
        if (text[at] !== close) {
          const level: Open = { close, items: [], key: "", keys: new Set() };
          open.push(level);
          if (close === "}") key(level);
          continue;
        }
        at++;
        form = `${first}${close}`;
      }
      for (;;) {
        const level = open.at(-1);
        if (level === undefined) return form;
        const { items } = level;
        items.push(level.close === "}" ? `${level.key}:${form}` : form);
        skip();
        if (text[at] !== level.close) {
          expect(",");
          if (level.close === "}") key(level);
          break;
        }
        at++;
        open.pop();
        form = level.close === "}" ? `{${items.sort().join(",")}}` : `[${items.join(",")}]`;
      }
    }
  };
  const form = value();
  skip();
  if (at < text.length) throw wrong();
  return form;
}
