/** A JSON text as a value: keys in order, numbers by their value, strings by their characters. */
import { decimalOf, formOf, hasLargePower } from "./decimal";
import { NoMeaning } from "./no-meaning";

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** What is written in a string otherwise than it is. A character of two units is looked at the long way. */
const unlike = /[\\\0-\x1f\ud800-\udfff]/;

const space = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
/** Characters that may go on with a number. */
const goesOn = /[\w.+-]/;

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
    while (space(text.charCodeAt(at))) at++;
  };
  const expect = (character: string) => {
    skip();
    if (text[at] !== character) throw wrong();
    at++;
  };
  /** A string as JSON writes it. */
  const string = (): string => {
    const start = at;
    const written = text.slice(start, text.indexOf('"', start + 1) + 1);
    if (written !== "" && !unlike.test(written)) {
      at += written.length;
      return written;
    }
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
    return JSON.stringify(read);
  };
  /** A whole number without a sign; `undefined` for what is none, and for zero. */
  const wholeForm = (): string | undefined => {
    if (text[at] === "0") return undefined;
    let end = at;
    let zeros = 0;
    for (; isDigit(text.charCodeAt(end)); end++) zeros = text[end] === "0" ? zeros + 1 : 0;
    if (end === at || (end < text.length && goesOn.test(text[end]!))) return undefined;
    const digits = text.slice(at, end - zeros);
    at = end;
    return formOf({ negative: false, digits, exponent: zeros });
  };
  const scalarForm = (): string => {
    if (text[at] === '"') return string();
    const whole = wholeForm();
    if (whole !== undefined) return whole;
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
    of.key = string();
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
