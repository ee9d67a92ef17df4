/** A JSON text as a value: keys in order, numbers by their value, strings by their characters. */
import { decimalOf, formOf } from "./decimal";
import { NoMeaning } from "./no-meaning";

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

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
  const list = (close: string, item: () => string): string[] => {
    const items: string[] = [];
    at++;
    skip();
    if (text[at] === close) return (at++, items);
    for (;;) {
      items.push(item());
      skip();
      if (text[at] === close) return (at++, items);
      expect(",");
    }
  };
  const value = (): string => {
    skip();
    const first = text[at];
    if (first === '"') return JSON.stringify(string());
    if (first === "[") return `[${list("]", value).join(",")}]`;
    if (first === "{") {
      const keys = new Set<string>();
      const members = list("}", () => {
        skip();
        if (text[at] !== '"') throw wrong();
        const key = JSON.stringify(string());
        if (keys.has(key)) throw new NoMeaning("object with the same key twice");
        keys.add(key);
        expect(":");
        return `${key}:${value()}`;
      });
      return `{${members.sort().join(",")}}`;
    }
    scalar.lastIndex = at;
    const word = scalar.exec(text);
    if (word === null) throw wrong();
    at += word[0].length;
    const number = decimalOf(word[0]);
    if (number?.digits === "" && number.negative) throw new NoMeaning("negative zero");
    return number === undefined ? word[0] : formOf(number);
  };
  const form = value();
  skip();
  if (at < text.length) throw wrong();
  return form;
}
