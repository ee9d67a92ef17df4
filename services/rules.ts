/**
 * What may be declared of a copy, where "without loss, or not at all" is too strict. Tables and columns by the names that the
 * source has for them; a rule for something that is not there is refused.
 */
import { z } from "zod";

/** How a value of another kind is read, see `CastRule`. */
export type Cast = (typeof castNames)[number];

const castNames = [
  "round",
  "epoch-seconds",
  "epoch-milliseconds",
  "julian-days",
  "utc",
  "day",
  "utf8",
  "microseconds",
  "milliseconds",
  "seconds",
  "ticks",
  "since-epoch",
  "uuid-bytes",
  "dotnet-guid",
] as const;

/** A constant of the target: what SQLite would store, a boolean as 0 or 1. */
export type Constant = string | number | boolean;

/** Converts values that do not fit their column as they are. */
export interface CastRule {
  readonly kind: "cast";
  readonly table: string;
  readonly column: string;
  /**
   * The result is rounded to what the column can hold, halves away from zero. `round`: a number or a time that is finer
   * than its column (integers, numeric(p,s), real, timestamp(p)). `epoch-seconds`, `epoch-milliseconds`, `julian-days`: a
   * number in a column of timestamps or dates; ISO 8601 text is copied as usual. `utc`: a time with a zone in a column
   * without one, as it reads in UTC. `day`: a date with a time of day in a column of dates, without the time. `utf8`: a
   * blob in a column of text, whose bytes are the text.
   *
   * Intervals: `microseconds` (Django's DurationField), `milliseconds`, `seconds` and `ticks` (.NET, a tenth of a microsecond)
   * say what a number counts. `since-epoch`: text of a date and time, `1970-01-01 00:00:01.5`, is the time since 1970
   * (SQLAlchemy). UUIDs from a blob of 16 bytes: `uuid-bytes` in the order in which they are written, `dotnet-guid` as .NET's
   * `Guid.ToByteArray` has them, the first eight turned round.
   */
  readonly as: Cast;
}

/** Replaces every value that does not fit its column, and NULL in a NOT NULL column, by a constant. */
export interface DefaultRule {
  readonly kind: "default";
  readonly table: string;
  readonly column: string;
  readonly value: Constant;
}

/**
 * Turns values that stand for nothing into NULL: `''`, `0000-00-00`, `0`. They are compared as they are stored, before any
 * other rule. Texts of at most 1000 characters.
 */
export interface NullIfRule {
  readonly kind: "null-if";
  readonly table: string;
  readonly column: string;
  readonly values: readonly (string | number)[];
}

/** Leaves out rows whose value in this column does not fit. */
export interface SkipRowRule {
  readonly kind: "skip-row";
  readonly table: string;
  readonly column: string;
}

/** Leaves out a column that only the source has. */
export interface SkipColumnRule {
  readonly kind: "skip-column";
  readonly table: string;
  readonly column: string;
}

/** Leaves out a table that only the source has. A table that only the target has stays as the app made it. */
export interface SkipTableRule {
  readonly kind: "skip-table";
  readonly table: string;
}

/**
 * Says which column takes its numbers from a sequence of the target, if the schema does not say so because the app reads
 * the sequence itself. It is set past the column's highest number. A sequence that numbers several columns has a rule for
 * each.
 */
export interface SequenceRule {
  readonly kind: "sequence";
  /** The sequence's name, without its schema. */
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
  /** The numbers are inside text, right after this prefix: `INV-` for `INV-12`, `""` for `12:00`. */
  readonly prefix?: string;
  /** The column has the numbers below zero: it is set past the lowest one, without its sign. */
  readonly negated?: true;
}

/**
 * Replaces the rows that the app's schema step made in this table by the source's, although the table looks like the app's
 * record of its migrations.
 */
export interface ReplaceRule {
  readonly kind: "replace";
  readonly table: string;
}

/** Gives the target's name of a table or a column. Other rules use the source's names. */
export interface RenameRule {
  readonly kind: "rename";
  readonly table: string;
  readonly column?: string;
  /** The target's name. */
  readonly to: string;
}

/** For `back`: leaves a table or a column that only the server has on the server, with its data. */
export interface LeaveOnServerRule {
  readonly kind: "leave-on-server";
  /** The target's name. */
  readonly table: string;
  readonly column?: string;
}

/**
 * For `back`: shows by an example in which form the app writes this column. Use it for a column that has no value in the
 * source, or whose form only new rows have.
 */
export interface LikeRule {
  readonly kind: "like";
  readonly table: string;
  readonly column: string;
  readonly value: string | number;
}

/** What may be said of the values of a column. */
export type ColumnRule = CastRule | DefaultRule | NullIfRule | SkipRowRule;

export type Rule =
  | ColumnRule
  | SkipColumnRule
  | SkipTableRule
  | RenameRule
  | SequenceRule
  | ReplaceRule
  | LeaveOnServerRule
  | LikeRule;

/** Whether a rule says something of the values of a column. */
export function isColumnRule(rule: Rule): rule is ColumnRule {
  return ["cast", "default", "null-if", "skip-row"].includes(rule.kind);
}

/** A migration table, and what to compare. */
export interface MigrationTableRule {
  readonly table: string;
  /**
   * What both sides must have in common. `all`: the same migrations. `newest`: the last one, in the order of text or of
   * numbers, for an app whose migrations are written for each of its databases. `nothing`: nothing is compared, for example
   * for a table of locks.
   * @default all
   */
  readonly compare?: "all" | "newest" | "nothing";
  /**
   * It is a migration table only if the source's has all columns of one of these lists; otherwise it is copied like any
   * other.
   * @default it is one, whatever its columns
   */
  readonly columns?: readonly (readonly string[])[];
}

/** A table in which the app records its own schema's migrations. By its name alone: both sides have to have the same ones. */
export type MigrationTable = string | MigrationTableRule;

/** The names alone. */
export function migrationTableNames(tables: readonly MigrationTable[]): string[] {
  return tables.map((table) => (typeof table === "string" ? table : table.table));
}

const name = z.string().min(1).max(500);
const column = { table: name, column: name };
const constant = z.union([z.string(), z.number(), z.boolean()], {
  error: "not a constant. Allowed: a text, a number, true, false.",
});

const rule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cast"),
    ...column,
    as: z.enum(castNames),
  }),
  z.strictObject({ kind: z.literal("default"), ...column, value: constant }),
  z.strictObject({
    kind: z.literal("null-if"),
    ...column,
    values: z
      .array(z.union([z.string().max(1000), z.number()]))
      .min(1)
      .readonly(),
  }),
  z.strictObject({ kind: z.literal("skip-row"), ...column }),
  z.strictObject({ kind: z.literal("skip-column"), ...column }),
  z.strictObject({ kind: z.literal("skip-table"), table: name }),
  z.strictObject({ kind: z.literal("replace"), table: name }),
  z.strictObject({ kind: z.literal("rename"), table: name, column: name.optional(), to: name }),
  z.strictObject({ kind: z.literal("leave-on-server"), table: name, column: name.optional() }),
  z.strictObject({ kind: z.literal("like"), ...column, value: z.union([z.string().max(1000), z.number()]) }),
  z.strictObject({
    kind: z.literal("sequence"),
    sequence: name,
    ...column,
    prefix: z.string().max(100).optional(),
    negated: z.literal(true).optional(),
  }),
]) satisfies z.ZodType<Rule>;

const subject = (one: Rule) => {
  const place = "column" in one && one.column !== undefined ? `${one.table}.${one.column}` : one.table;
  // A column may be followed by two sequences, in both directions.
  return one.kind === "sequence" ? `${one.sequence} by ${place}` : place;
};

/** Two rules that cannot both be followed: two of a kind, or a constant for a value and its row left behind. */
function collide(one: Rule, other: Rule): boolean {
  if (subject(one) !== subject(other)) return false;
  const last = ({ kind }: Rule) => kind === "default" || kind === "skip-row";
  return one.kind === other.kind || (last(one) && last(other));
}

/** The shape of a list of rules, from a definition or a file. */
export const rulesSchema = z
  .array(rule)
  .readonly()
  .superRefine((rules, context) => {
    for (const [index, one] of rules.entries()) {
      const other = rules.slice(0, index).findIndex((before) => collide(one, before));
      if (other < 0) continue;
      context.addIssue({
        code: "custom",
        path: [index],
        message: `${one.kind} for ${subject(one)}: rule [${other}] (${rules[other]?.kind}) conflicts with it. Allowed: one of a kind for each column, and either default or skip-row.`,
      });
    }
  });

/** The shape of a list of migration tables. */
export const migrationTablesSchema = z
  .array(
    z.union(
      [
        name,
        z.strictObject({
          table: name,
          compare: z.enum(["all", "newest", "nothing"]).optional(),
          columns: z.array(z.array(name).min(1).readonly()).min(1).readonly().optional(),
        }),
      ],
      {
        error:
          'neither a name nor a rule. Allowed: "NAME", or { "table": "NAME", "compare": "all" | "newest" | "nothing" }.',
      },
    ),
  )
  .readonly() satisfies z.ZodType<readonly MigrationTable[]>;
