import type { ClientBase } from "pg";
import { identifier } from "../server/connection";
import { Refused } from "../base/errors";
import type { TablePlan } from "./plan";

interface Sequence {
  sequence: string;
  column: string;
  increment: string;
  minimum: string;
  maximum: string;
}

/** Sequences that fill a column: its own (serial, identity), or one that its default takes the next value of. */
const fillingSequences = `
  SELECT s.seqrelid::regclass::text AS sequence, a.attname AS column, s.seqincrement::text AS increment,
         s.seqmin::text AS minimum, s.seqmax::text AS maximum
  FROM pg_sequence s JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum > 0
  WHERE EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)
     OR EXISTS (SELECT FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid
                WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
                  AND d.refobjid = s.seqrelid AND f.adrelid = a.attrelid AND f.adnum = a.attnum)
  ORDER BY 1`;

const numeric = new Set(["int2", "int4", "int8", "numeric"]);

/** Sequences whose next value is not past the highest of a column that they fill. Only looks. */
export async function sequencesBehind(client: ClientBase, plans: readonly TablePlan[]): Promise<string[]> {
  const behind = new Set<string>();
  for (const { target } of plans) {
    const found = await client.query<Sequence>(fillingSequences, [target.oid]);
    for (const { sequence, column, increment } of found.rows) {
      if (!numeric.has(target.columns.find(({ name }) => name === column)?.type ?? "")) continue;
      const [extreme, passed] = BigInt(increment) > 0n ? ["max", "<="] : ["min", ">="];
      const result = await client.query<{ behind: boolean | null }>(
        `SELECT last_value + CASE WHEN is_called THEN ${increment} ELSE 0 END ${passed}
                (SELECT ${extreme}(${identifier(column)}) FROM ${target.qualified}) AS behind FROM ${sequence}`,
      );
      if (result.rows[0]?.behind) behind.add(sequence);
    }
  }
  return [...behind];
}

/**
 * Sets every sequence that fills a column of the tables past the highest value there, and past the highest that SQLite's
 * AUTOINCREMENT had ever given out. Inside the caller's transaction: ALTER SEQUENCE rolls back, setval would not.
 * @param marks AUTOINCREMENT's, by the source's table.
 * @throws Refused when a sequence has no value left.
 */
export async function setSequences(
  client: ClientBase,
  plans: readonly TablePlan[],
  marks: ReadonlyMap<string, bigint>,
): Promise<void> {
  const highest = new Map<string, { sequence: Sequence; value: bigint | undefined }>();
  for (const { source, target } of plans) {
    const found = await client.query<Sequence>(fillingSequences, [target.oid]);
    for (const sequence of found.rows) {
      if (!numeric.has(target.columns.find(({ name }) => name === sequence.column)?.type ?? "")) continue;
      const rising = BigInt(sequence.increment) > 0n;
      const column = identifier(sequence.column);
      const extreme = await client.query<{ value: string | null }>(
        `SELECT trunc(${rising ? "max" : "min"}(${column}))::text AS value FROM ${target.qualified}`,
      );
      const value = extreme.rows[0]?.value ?? undefined;
      const candidates = [
        highest.get(sequence.sequence)?.value,
        value === undefined ? undefined : BigInt(value),
        rising ? marks.get(source.name) : undefined,
      ].filter((candidate) => candidate !== undefined);
      highest.set(sequence.sequence, {
        sequence,
        value: candidates.reduce<bigint | undefined>(
          (best, candidate) => (best === undefined || candidate > best === rising ? candidate : best),
          undefined,
        ),
      });
    }
  }
  for (const { sequence, value } of highest.values()) {
    const rising = BigInt(sequence.increment) > 0n;
    const next = value === undefined ? undefined : value + BigInt(sequence.increment);
    const isBefore =
      next === undefined || (rising ? next < BigInt(sequence.minimum) : next > BigInt(sequence.maximum));
    const isBeyond =
      !isBefore && (rising ? next > BigInt(sequence.maximum) : next < BigInt(sequence.minimum));
    if (isBeyond) {
      throw new Refused(
        `sequence ${sequence.sequence}: the rows have used its last value, none is left for new rows`,
      );
    }
    await client.query(`ALTER SEQUENCE ${sequence.sequence} RESTART${isBefore ? "" : ` WITH ${next}`}`);
  }
}
