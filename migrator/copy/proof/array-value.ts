/** Arrays: a JSON list in SQLite, or PostgreSQL's own form on either side, element by element. */
import type { TargetColumn } from "../../server/target";
import { decimalOf, formOf } from "./decimal";
import { floatForm, type Form, type Meaning } from "./form";
import { NoMeaning } from "./no-meaning";

/** Types of elements that we read ourselves; the others are PostgreSQL's to read. */
const compared = new Set("int2 int4 int8 float4 float8 numeric text varchar bool uuid".split(" "));

/** The column that an element would be in, for arrays whose elements we read ourselves. */
export function elementOf(column: TargetColumn): TargetColumn | undefined {
  const type = column.type.replace(/^_/, "");
  return column.isArray && compared.has(type) ? { ...column, type, isArray: false } : undefined;
}

const isJson = (text: string) => /^\s*\[(?!-?\d+:)/.test(text);

/**
 * What PostgreSQL is asked to read as an array: a JSON list in PostgreSQL's own form, and anything else as it is.
 * @throws NoMeaning
 */
export function literalFromSqlite(text: string): string {
  const literal = (element: Element): string =>
    element === null
      ? "NULL"
      : typeof element === "string"
        ? `"${element.replace(/["\\]/g, "\\$&")}"`
        : `{${element.map(literal).join(",")}}`;
  return isJson(text) ? literal(fromJson(text, false)) : text;
}

type Element = string | null | readonly Element[];

const form = (element: Element, leaf: (text: string) => string): string =>
  element === null
    ? "null"
    : typeof element === "string"
      ? JSON.stringify(leaf(element))
      : `[${element.map((each) => form(each, leaf)).join(",")}]`;

/**
 * @param meaning of an element's text.
 * @throws NoMeaning
 */
export function arrayFromSqlite(element: TargetColumn, meaning: Meaning, text: string): string {
  const leaf = (written: string) => {
    if (element.type === "float4" || element.type === "float8") return floatOf(element.type, written);
    const read = meaning("t", Buffer.from(written)) as Form;
    return Buffer.isBuffer(read) ? read.toString() : String(read);
  };
  return isJson(text) ? form(fromJson(text, element.type === "bool"), leaf) : fromLiteral(text, leaf);
}

/** What PostgreSQL prints. */
export function arrayFromPostgres({ type }: TargetColumn, text: string): string {
  return fromLiteral(text, (written) => {
    if (type === "float4" || type === "float8") return floatForm(single(type, Number(written)));
    if (type === "bool") return written === "t" ? "true" : "false";
    if (type === "uuid") return written.replaceAll("-", "");
    const number = type === "numeric" ? decimalOf(written) : undefined;
    return number === undefined ? written : formOf(number);
  });
}

const single = (type: string, number: number) => (type === "float4" ? Math.fround(number) : number);

/** A float keeps a number that it holds exactly, or whose digits it gives back. */
export function floatOf(type: "float4" | "float8", written: string): string {
  if (["NaN", "Infinity", "-Infinity"].includes(written)) return floatForm(Number(written));
  const [number, decimal] = [Number(written), decimalOf(written)];
  const held = single(type, number);
  if (decimal === undefined || !Number.isFinite(held))
    throw new NoMeaning("not a number that a float can hold");
  if (type === "float4" && held === number) return floatForm(held);
  const shortest = type === "float8" ? String(held) : shortestSingle(held);
  if (formOf(decimalOf(shortest)!) !== formOf(decimal))
    throw new NoMeaning("a number with more digits than a float can hold");
  return floatForm(held);
}

/** The fewest digits that say which float of 32 bits it is. */
function shortestSingle(held: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const written = held.toPrecision(digits);
    if (Math.fround(Number(written)) === held) return written;
  }
  return held.toPrecision(9);
}

function fromJson(text: string, hasWords: boolean): Element {
  try {
    JSON.parse(text);
  } catch {
    throw new NoMeaning("text that is not an array");
  }
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}:]|[^\s[\]{}:,"]+/gs) ?? [];
  let at = 0;
  const value = (): Element => {
    const token = tokens[at++] ?? "";
    if (token === "[") {
      const items: Element[] = [];
      while (tokens[at] !== "]") items.push(value());
      at++;
      return items;
    }
    if (token.startsWith('"')) return JSON.parse(token) as string;
    if (token === "null") return null;
    if (token === "{" || (/^[tf]/.test(token) && !hasWords))
      throw new NoMeaning("an array with elements of another type");
    return token;
  };
  return value();
}

/** What PostgreSQL passes over between elements: no other space of Unicode's. */
const [blank, blanks] = [/^[ \t\n\v\f\r]+$/, /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g];

/** `{a,"b c",NULL}`, with its bounds before it if they are not the usual ones. */
function fromLiteral(text: string, leaf: (text: string) => string): string {
  const [, bounds = "", body = ""] =
    /^[ \t\n\v\f\r]*((?:\[-?\d+:-?\d+\])*=)?[ \t\n\v\f\r]*(\{.*\})[ \t\n\v\f\r]*$/s.exec(text) ?? [];
  const tokens = body.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{},]|(?:\\.|[^{},"\\])+/gs) ?? [];
  if (tokens.join("") !== body || body === "") throw new NoMeaning("text that is not an array");
  let at = 0;
  const value = (): Element => {
    while (blank.test(tokens[at] ?? "")) at++;
    const token = tokens[at++];
    if (token === undefined) throw new NoMeaning("text that is not an array");
    if (token !== "{") {
      const isQuoted = token.startsWith('"');
      const plain = (isQuoted ? token.slice(1, -1) : token.replace(blanks, "")).replace(/\\(.)/gs, "$1");
      if (isQuoted) while (blank.test(tokens[at] ?? "")) at++;
      return !isQuoted && /^null$/i.test(plain) ? null : plain;
    }
    const items: Element[] = [];
    if (tokens[at] === "}") return (at++, items);
    for (;;) {
      items.push(value());
      while (blank.test(tokens[at] ?? "")) at++;
      const next = tokens[at++];
      if (next === "}") return items;
      if (next !== ",") throw new NoMeaning("text that is not an array");
    }
  };
  return bounds + form(value(), leaf);
}
