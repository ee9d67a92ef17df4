/** Texts of types that only PostgreSQL reads: how each reads as the type, in the server's own words. */
import type { ClientBase } from "pg";
import type { TargetColumn } from "../../server/target";

/** SQLSTATEs by which the server says that a value is at fault. */
const aboutTheValue = /^(22|23|54)/;

/** Types that write one value in several ways; any other has to give back what it was given. */
const respelled = new Set(
  (
    "inet cidr macaddr macaddr8 hstore interval vector halfvec " +
    "int4range int8range int4multirange int8multirange"
  ).split(" "),
);

const bare = (text: string) => text.replace(/[ \t\n\v\f\r"]/g, "");

/** @returns for each text what it reads as, or `undefined` if it is none of the type's, or loses something in it. */
export async function readByServer(
  client: ClientBase,
  column: TargetColumn,
  texts: readonly string[],
): Promise<(string | undefined)[]> {
  if (texts.length === 0) return [];
  const term = column.type === "interval" ? intervalForm : "v::text";
  try {
    const result = await client.query<{ read: string; plain: string }>(
      `SELECT ${term} AS read, format('%s', v) AS plain
       FROM (SELECT t::${column.described} AS v, i FROM unnest($1::text[]) WITH ORDINALITY AS u(t, i)) AS s ORDER BY i`,
      [texts],
    );
    return result.rows.map(({ read, plain }, index) => {
      const isSame = respelled.has(column.type) || bare(plain) === bare(texts[index]!);
      return isSame ? read : undefined;
    });
  } catch (error) {
    if (!aboutTheValue.test((error as { code?: string }).code ?? "")) throw error;
    if (texts.length === 1) return [undefined];
    const middle = texts.length >> 1;
    return [
      ...(await readByServer(client, column, texts.slice(0, middle))),
      ...(await readByServer(client, column, texts.slice(middle))),
    ];
  }
}

/** Months, days and microseconds, as `target-value.ts` reads them. */
const intervalForm = `concat_ws(' ', extract(year FROM v)::int8 * 12 + extract(month FROM v)::int8, extract(day FROM v)::int8,
  extract(hour FROM v)::int8 * 3600000000 + extract(minute FROM v)::int8 * 60000000 + extract(microseconds FROM v)::int8)`;
