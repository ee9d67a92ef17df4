import type { ClientBase } from "pg";
import { emptyText, escapeCopy, Misfit, unescapeCopy } from "./misfit";
import type { TargetColumn } from "../server/target";

/** Classes of SQLSTATE by which the server says that a value is at fault: data exception, constraint of a domain, JSON too deep. */
const aboutTheValue = /^(22|23|54)/;

/** Types that have several spellings of one value, and print one of them. Any other has to print what it was given. */
const manySpellings = new Set([
  ...["json", "jsonb", "inet", "cidr", "macaddr", "macaddr8", "hstore", "citext"],
  ...["int4range", "int8range", "int4multirange", "int8multirange"],
]);

/** Types of many numbers, by when one that is given is the one that is printed. */
const lists: Readonly<Record<string, (given: string, printed: string) => boolean>> = {
  vector: sameSingle,
  _float4: sameSingle,
  _float8: (given, printed) => Number(given) === Number(printed),
  _numeric: (given, printed) => {
    const number = decimal(given);
    return number !== undefined && number === decimal(printed);
  },
};

/** What a float of 32 bits holds exactly may be written with the digits of one of 64. */
function sameSingle(given: string, printed: string): boolean {
  const number = Number(given);
  return number === (Math.fround(number) === number ? Math.fround(Number(printed)) : Number(printed));
}

/** A decimal number without zeros that say nothing: `01.50` and `1.5` are one. As in a column of numbers, no power of ten. */
function decimal(written: string): string | undefined {
  const [, sign, whole, part = ""] = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(written) ?? [];
  if (whole === undefined) return undefined;
  const number = part === "" ? whole : `${whole}.${part}`;
  return number === "0" ? number : `${sign}${number}`;
}

/** Apart from spaces and quotes, as in arrays and ranges. */
const essence = (text: string) => text.replace(/[ \t\n\v\f\r"]/g, "");

/** Whether the server prints the value that it was given. */
function saysTheSame({ type }: TargetColumn, given: string, printed: string): boolean {
  if (manySpellings.has(type) || essence(printed) === essence(given)) return true;
  // Its parts are whole numbers: nothing is rounded.
  if (type === "interval") return !/\.\d/.test(given);
  const same = lists[type];
  return same !== undefined && sameNumbers(given, printed, same);
}

/** Whether two lists hold the same numbers, however they are written: `[1.0, 2e0]` is `[1,2]`. */
function sameNumbers(given: string, printed: string, same: (one: string, other: string) => boolean): boolean {
  const [one, other] = [given, printed].map((list) => essence(list).split(/([[\]{},])/));
  if (one === undefined || one.length !== other?.length) return false;
  return one.every((part, index) => {
    const [before, after] = [part, other[index] ?? ""];
    return (
      before === after ||
      (before !== "" && after !== "" && !Number.isNaN(Number(before)) && same(before, after))
    );
  });
}

/**
 * Lets the server read texts as a type and print them again, for types that we do not know ourselves: so that they are
 * compared as values (`10.0.0.1/32` is `10.0.0.1`), and a text that is none, or would lose something (a digit of a real in
 * an array, a letter of a "char"), is found before the copy.
 *
 * @param client a session without a transaction, not the one that copies.
 * @param fields escaped for COPY; `undefined` for none.
 * @returns what each prints as, escaped for COPY, or why it cannot go; `undefined` where there was none.
 */
export async function printedByServer(
  client: ClientBase,
  column: TargetColumn,
  fields: readonly (string | undefined)[],
): Promise<(string | Misfit | undefined)[]> {
  const given = fields.filter((field) => field !== undefined).map(unescapeCopy);
  if (given.length === 0) return fields.map(() => undefined);
  try {
    // format() prints as COPY does; a cast to text does not always (inet). With its length, since the elements of an array are
    // rounded to it: what is cut off prints differently.
    const result = await client.query<{ printed: string }>({
      text: `SELECT format('%s', v::${column.described}) AS printed FROM unnest($1::text[]) WITH ORDINALITY AS u(v, i) ORDER BY i`,
      values: [given],
    });
    let next = 0;
    return fields.map((field) => {
      if (field === undefined) return undefined;
      const [before = "", printed = ""] = [given[next], result.rows[next]?.printed];
      next++;
      if (saysTheSame(column, before, printed)) return escapeCopy(printed);
      return new Misfit(`text that ${column.described} would store differently`);
    });
  } catch (error) {
    if (!aboutTheValue.test((error as { code?: string }).code ?? "")) throw error;
    if (given.length === 1) {
      const misfit =
        given[0] === ""
          ? emptyText(column.described)
          : new Misfit(`text that PostgreSQL cannot parse as ${column.described}`);
      return fields.map((field) => (field === undefined ? undefined : misfit));
    }
    const middle = Math.floor(fields.length / 2);
    return [
      ...(await printedByServer(client, column, fields.slice(0, middle))),
      ...(await printedByServer(client, column, fields.slice(middle))),
    ];
  }
}
