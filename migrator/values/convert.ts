import type { ColumnRule } from "../../services/rules";
import { largeOf, type ConvertLarge } from "./convert-large";
import { textReader } from "./convert-text";
import { Misfit, type Casting, type Convert } from "./misfit";
import { type FastPath, withCast } from "./fast-path";
import { ColumnRules, type leftBehind, requireCastable } from "./column-rules";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { Raw } from "../sqlite/storage";
import type { Storage } from "../sqlite/storage";
import type { TargetColumn } from "../server/target";
import { typeOf } from "./types";

/** How the values of one column go over, by its type and the rules declared for it. */
export interface ColumnConverter {
  readonly convert: Convert;
  /** The server itself has to read the text and say how it prints it, before it is sent. */
  readonly byServer: boolean;
  /** Brings a field that the server printed into our form, where the two differ. */
  readonly reprint: ((field: string) => string) | undefined;
  /** The short way for values of the usual kind; has to come to what `convert` comes to. */
  readonly fastPath: FastPath | undefined;
  /** For values that are not held; comes to what `convert` comes to. */
  readonly large: ConvertLarge;
  /** What is declared for the column; without it `convert` depends on the type alone. */
  readonly rules: ColumnRules | undefined;
  /** What takes the place of a value that does not fit, if a rule says so. */
  readonly instead: (() => string | typeof leftBehind) | undefined;
}

/** The part that depends on the type. */
type TypeConverter = Pick<ColumnConverter, "convert" | "byServer" | "reprint">;

/** NULL where the column allows none. */
export const nullMisfit = () => new Misfit("NULL in a column that is NOT NULL");

/**
 * The converter of a column.
 * @throws Misfit for a rule that means nothing for the column's type, and a constant that does not fit it.
 */
export function converterFor(
  column: TargetColumn,
  encoding: SqliteDatabase["encoding"],
  declared: readonly ColumnRule[],
): ColumnConverter {
  const fastPath = encoding === "UTF-8" ? typeOf(column).fastPath(column) : undefined;
  if (declared.length === 0) {
    const large = largeOf(column, encoding);
    return { ...byType(column, encoding, undefined), fastPath, large, rules: undefined, instead: undefined };
  }
  const rules = new ColumnRules(declared);
  const { cast } = rules;
  requireCastable(column, cast);
  const base = byType(column, encoding, cast);
  // Constants of a rule are UTF-8, and so is a blob that is text, whatever the source's own encoding.
  const inUtf8 = byType(column, "UTF-8", undefined).convert;
  const isNull = rules.nullIf(encoding);
  // No constant that stands for NULL is large.
  const [large, largeInUtf8] = [largeOf(column, encoding), largeOf(column, "UTF-8")];
  return {
    ...base,
    fastPath: fastPath && ruled(fastPath, rules, column),
    rules,
    large: {
      least: large.least,
      convert: (value) => {
        if (value.storage !== "b" || cast?.as !== "utf8") return large.convert(value);
        const field = largeInUtf8.convert({ ...value, storage: "t" });
        cast.used();
        return field;
      },
    },
    instead: rules.instead((value) => inUtf8(...stored(value), { roundedFractions: 0, assumedUtc: 0 })),
    convert: (storage, value, tally) => {
      if (isNull(storage, value)) {
        if (column.notNull) throw nullMisfit();
        return "\\N";
      }
      const { assumedUtc, roundedFractions } = tally;
      const uncast = rules.markCast();
      try {
        if (storage !== "b" || cast?.as !== "utf8") return base.convert(storage, value, tally);
        const field = inUtf8("t", value, tally);
        cast.used();
        return field;
      } catch (error) {
        // What does not fit has not gone over by the cast, and nothing of it was rounded.
        uncast();
        Object.assign(tally, { assumedUtc, roundedFractions });
        throw error;
      }
    },
  };
}

/** The short way where rules are declared: what they do not read themselves is taken as without them. */
function ruled(fastPath: FastPath, rules: ColumnRules, column: TargetColumn): FastPath {
  const isNull = rules.nullInRecord();
  const { cast } = rules;
  return {
    ...(cast === undefined ? fastPath : withCast(fastPath, cast, column)),
    ...(isNull !== undefined && { isNull }),
  };
}

/** A constant as SQLite would store it. */
function stored(value: string | number | boolean): [Storage, Exclude<Raw, null>] {
  if (typeof value === "string") return ["t", Buffer.from(value)];
  return Number.isSafeInteger(Number(value)) ? ["i", BigInt(value)] : ["r", Number(value)];
}

function byType(
  column: TargetColumn,
  encoding: SqliteDatabase["encoding"],
  cast: Casting | undefined,
): TypeConverter {
  const { convert, byServer, reprint } = typeOf(column);
  return { convert: convert({ column, encoding, text: textReader(encoding), cast }), byServer, reprint };
}
