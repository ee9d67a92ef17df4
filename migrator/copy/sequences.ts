/** The target's sequences: which column each follows, and where it has to stand so that no number is given out twice. */
import type { ClientBase } from "pg";
import type { Rule, SequenceRule } from "../../services/rules";
import { literal, identifier } from "../base/quoting";
import { Refused } from "../base/errors";
import type { TablePlan } from "./copy-plan";

/** A column that a sequence has to be past of. */
interface Follower {
  readonly plan: TablePlan;
  /** The target's column. */
  readonly column: string;
  /** `undefined` when the schema itself says that the sequence fills the column. */
  readonly rule: SequenceRule | undefined;
}

export interface Sequence {
  /** As SQL names it. */
  readonly name: string;
  readonly increment: bigint;
  readonly minimum: bigint;
  readonly maximum: bigint;
  /** What it would give out next. */
  readonly next: bigint;
  readonly followers: readonly Follower[];
}

/** What is known of the target's sequences before a row is copied. */
export interface Sequences {
  readonly followed: readonly Sequence[];
  /** Those that no column says anything of, and no rule: they stay where the app's schema left them. */
  readonly unset: readonly string[];
}

const numeric = new Set(["int2", "int4", "int8", "numeric"]);

interface Row {
  name: string;
  rule_name: string;
  increment: string;
  minimum: string;
  maximum: string;
  /** Tables and columns that it fills: its own (serial, identity), or one whose default takes its next value. */
  fills: readonly { table: number; column: string }[];
}

const visible = `
  SELECT s.seqrelid::regclass::text AS name, c.relname AS rule_name, s.seqincrement::text AS increment,
         s.seqmin::text AS minimum, s.seqmax::text AS maximum,
         coalesce((
           SELECT jsonb_agg(DISTINCT jsonb_build_object('table', a.attrelid::int8, 'column', a.attname))
           FROM (
             SELECT d.refobjid AS relation, d.refobjsubid AS number FROM pg_depend d
             WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
               AND d.refclassid = 'pg_class'::regclass
             UNION ALL
             SELECT f.adrelid, f.adnum FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid
             WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid
           ) filled JOIN pg_attribute a ON a.attrelid = filled.relation AND a.attnum = filled.number
         ), '[]') AS fills
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY (current_schemas(false)) AND n.nspname <> 'pgmoor' AND pg_table_is_visible(c.oid)
    AND c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1`;

/**
 * Finds what every sequence follows. Only looks.
 * @throws Refused for a rule whose sequence is not there, or whose column is not one to follow.
 */
export async function sequencesOf(
  client: ClientBase,
  plans: readonly TablePlan[],
  rules: readonly Rule[],
): Promise<Sequences> {
  const { rows } = await client.query<Row>(visible);
  const declared = rules.filter((rule): rule is SequenceRule => rule.kind === "sequence");
  const unknown = declared.find((rule) => !rows.some(({ rule_name }) => rule_name === rule.sequence));
  if (unknown !== undefined)
    throw new Refused(
      `rule sequence for ${unknown.sequence}: the target has no sequence of that name. It has: ${rows.map(({ rule_name }) => rule_name).join(", ") || "none"}`,
    );
  const planned = new Map(plans.map((plan) => [plan.target.oid, plan]));
  const followed: Sequence[] = [];
  const unset: string[] = [];
  for (const { name, rule_name, increment, minimum, maximum, fills } of rows) {
    const followers = [
      ...fills.flatMap(({ table, column }) => followerOf(planned.get(table), column)),
      ...declared
        .filter(({ sequence }) => sequence === rule_name)
        .map((rule) => declaredFollower(plans, rule)),
    ];
    // What fills a table that is not copied alone is as the app has left it.
    const elsewhere = fills.length > 0 && fills.every(({ table }) => !planned.has(table));
    if (followers.length === 0) {
      if (!elsewhere) unset.push(name);
      continue;
    }
    const state = await client.query<{ next: string }>(
      `SELECT (last_value::numeric + CASE WHEN is_called THEN ${increment} ELSE 0 END)::text AS next FROM ${name}`,
    );
    followed.push({
      name,
      increment: BigInt(increment),
      minimum: BigInt(minimum),
      maximum: BigInt(maximum),
      next: BigInt(state.rows[0]!.next),
      followers,
    });
  }
  return { followed, unset };
}

function followerOf(plan: TablePlan | undefined, column: string): Follower[] {
  const type = plan?.target.columns.find(({ name }) => name === column)?.type ?? "";
  return plan !== undefined && numeric.has(type) ? [{ plan, column, rule: undefined }] : [];
}

function declaredFollower(plans: readonly TablePlan[], rule: SequenceRule): Follower {
  const plan = plans.find(({ source }) => source.name === rule.table);
  const column = plan?.columns.find(({ source }) => source === rule.column)?.target;
  if (plan === undefined || column === undefined)
    throw new Refused(
      `rule sequence for ${rule.sequence}: ${rule.table}.${rule.column} is not a column that is copied`,
    );
  if (rule.prefix === undefined && !numeric.has(column.type))
    throw new Refused(
      `rule sequence for ${rule.sequence}: ${rule.table}.${rule.column} is of type ${column.described}, not an integer. For ` +
        `numbers inside text, declare the text before them: "prefix": ""`,
    );
  return { plan, column: column.name, rule };
}

/** SQL for the extreme value of a column that a sequence has to be past of. */
function extremeOf({ plan, column, rule }: Follower, rising: boolean): string {
  const name = identifier(column);
  const number =
    rule?.prefix === undefined
      ? name
      : // No more digits than a bigint has: a longer number is none of the sequence's.
        `substring(${name}::text FROM ${literal(`^${escaped(rule.prefix)}(\\d{1,18})(?:\\D|$)`)})::bigint`;
  const signed = rule?.negated === true ? `-(${number})` : number;
  return `SELECT trunc(${rising ? "max" : "min"}(${signed})::numeric)::text AS value FROM ${plan.target.ownRows}`;
}

const escaped = (text: string) => text.replaceAll(/[^\p{L}\p{N}]/gu, (character) => `\\${character}`);

/** Where a sequence has to stand at least; `undefined` where no row says anything. */
async function needed(
  client: ClientBase,
  sequence: Sequence,
  marks: ReadonlyMap<string, bigint>,
): Promise<bigint | undefined> {
  const rising = sequence.increment > 0n;
  let furthest: bigint | undefined;
  for (const follower of sequence.followers) {
    const found = await client.query<{ value: string | null }>(extremeOf(follower, rising));
    const value = found.rows[0]?.value ?? undefined;
    const mark = rising && follower.rule === undefined ? marks.get(follower.plan.source.name) : undefined;
    for (const one of [value === undefined ? undefined : BigInt(value), mark])
      if (one !== undefined && (furthest === undefined || one > furthest === rising)) furthest = one;
  }
  return furthest === undefined ? undefined : furthest + sequence.increment;
}

const isBefore = ({ increment }: Sequence, one: bigint, other: bigint) =>
  increment > 0n ? one < other : one > other;

/** Sequences whose next value is not past the furthest of a column that they follow. Only looks. */
export async function sequencesBehind(
  client: ClientBase,
  plans: readonly TablePlan[],
  rules: readonly Rule[],
): Promise<string[]> {
  const behind: string[] = [];
  for (const sequence of (await sequencesOf(client, plans, rules)).followed) {
    const least = await needed(client, sequence, new Map());
    if (least !== undefined && isBefore(sequence, sequence.next, least)) behind.push(sequence.name);
  }
  return behind;
}

/**
 * Sets every sequence that follows a column of the tables past the furthest value there, and past the highest that SQLite's
 * AUTOINCREMENT had ever given out. None is set back: where the app's schema has it begin at 1000, it does. Inside the caller's
 * transaction: ALTER SEQUENCE rolls back, setval would not.
 * @param marks AUTOINCREMENT's, by the source's table.
 * @returns the sequences that nobody could set.
 * @throws Refused when a sequence has no value left.
 */
export async function setSequences(
  client: ClientBase,
  plans: readonly TablePlan[],
  rules: readonly Rule[],
  marks: ReadonlyMap<string, bigint>,
): Promise<readonly string[]> {
  const { followed, unset } = await sequencesOf(client, plans, rules);
  for (const sequence of followed) {
    const { name, increment, minimum, maximum, next } = sequence;
    const least = await needed(client, sequence, marks);
    if (least === undefined || !isBefore(sequence, next, least)) continue;
    if (increment > 0n ? least > maximum : least < minimum)
      throw new Refused(
        `sequence ${name}: a row already has its last value (${increment > 0n ? maximum : minimum}), so new rows cannot get one. ` +
          `Change that row's number in the source, or widen the sequence on the target (ALTER SEQUENCE ${name} AS bigint)`,
      );
    await client.query(`ALTER SEQUENCE ${name} RESTART WITH ${least}`);
  }
  return unset;
}
