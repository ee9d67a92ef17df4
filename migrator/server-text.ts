import type { ClientBase } from "pg";
import { emptyText, escapeCopy, Misfit, unescapeCopy } from "./misfit";
import type { TargetColumn } from "./target";

/** Classes of SQLSTATE by which the server says that a value is at fault: data exception, constraint of a domain. */
const aboutTheValue = /^(22|23)/;

/** Types that have several spellings of one value, and print one of them. Any other has to print what it was given. */
const manySpellings = new Set(["json", "jsonb", "inet", "cidr", "macaddr", "macaddr8", "hstore", "citext"]);

/** Apart from spaces and quotes, as in arrays and ranges. */
const essence = (text: string) => text.replace(/[\s"]/g, "");

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
    // format() prints as COPY does; a cast to text does not always (inet).
    const result = await client.query<{ printed: string }>({
      text: `SELECT format('%s', v::${column.castable}) AS printed FROM unnest($1::text[]) WITH ORDINALITY AS u(v, i) ORDER BY i`,
      values: [given],
    });
    let next = 0;
    return fields.map((field) => {
      if (field === undefined) return undefined;
      const [before = "", printed = ""] = [given[next], result.rows[next]?.printed];
      next++;
      if (manySpellings.has(column.type) || essence(printed) === essence(before)) return escapeCopy(printed);
      return new Misfit(`text that ${column.described} does not hold as it is written`);
    });
  } catch (error) {
    if (!aboutTheValue.test((error as { code?: string }).code ?? "")) throw error;
    if (given.length === 1) {
      const misfit =
        given[0] === ""
          ? emptyText(column.described)
          : new Misfit(`text that PostgreSQL does not read as ${column.described}`);
      return fields.map((field) => (field === undefined ? undefined : misfit));
    }
    const middle = Math.floor(fields.length / 2);
    return [
      ...(await printedByServer(client, column, fields.slice(0, middle))),
      ...(await printedByServer(client, column, fields.slice(middle))),
    ];
  }
}
