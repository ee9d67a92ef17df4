/** Declared rules at work: what a column's rules make of its values, and how often they did. */
import type { ColumnRule, Rule } from "../../services/rules";
import type { RecordValue } from "../sqlite/record-value";
import { Misfit, type Casting } from "./misfit";
import { typeOf } from "./types";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { Raw } from "../sqlite/storage";
import type { Storage } from "../sqlite/storage";
import type { TargetColumn } from "../server/target";

/** What takes the place of a value that does not fit: a field for COPY, or nothing, since its row is left behind. */
export const leftBehind = Symbol("the row is left out");

/** The rules of one column. */
export class ColumnRules {
  private readonly uses: { readonly rule: ColumnRule; applied: number }[];
  readonly cast: Casting | undefined;
  private readonly castUse: { applied: number } | undefined;

  constructor(rules: readonly ColumnRule[]) {
    this.uses = rules.map((rule) => ({ rule, applied: 0 }));
    const use = this.of("cast");
    this.castUse = use;
    this.cast = use && { as: use.rule.as, used: () => void use.applied++ };
  }

  /** Notes how often each was applied. @returns what brings that back */
  mark(): () => void {
    const before = this.uses.map(({ applied }) => applied);
    return () => before.forEach((applied, place) => (this.uses[place]!.applied = applied));
  }

  /** The same of the cast alone, for a value. */
  markCast(): () => void {
    const { castUse } = this;
    const before = castUse?.applied ?? 0;
    return () => {
      if (castUse !== undefined) castUse.applied = before;
    };
  }

  /** Whether one of them leaves rows behind. */
  get leavesRows(): boolean {
    return this.of("skip-row") !== undefined;
  }

  /** How often each was applied that leaves no row behind. */
  get others(): readonly { applied: number }[] {
    return this.uses.filter(({ rule }) => rule.kind !== "skip-row");
  }

  /** How often a rule of this column was applied. */
  count(rule: Rule): number {
    return this.uses.find((use) => use.rule === rule)?.applied ?? 0;
  }

  /** Whether a value stands for NULL; counts it. */
  nullIf(encoding: SqliteDatabase["encoding"]): (storage: Storage, value: Exclude<Raw, null>) => boolean {
    const use = this.of("null-if");
    if (use === undefined) return () => false;
    // A large integer is not the double that is nearest to it.
    const values = new Set<unknown>(
      use.rule.values.flatMap((one) => (Number.isInteger(one) ? [one, BigInt(one)] : [one])),
    );
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    return (storage, value) => {
      const read = storage === "t" ? decoder.decode(value as Buffer) : storage === "b" ? undefined : value;
      if (!values.has(read)) return false;
      use.applied++;
      return true;
    };
  }

  /** The same of a value as it lies in a record of a UTF-8 file; `undefined` where none does. */
  nullInRecord(): ((value: RecordValue) => boolean) | undefined {
    const use = this.of("null-if");
    if (use === undefined) return undefined;
    const { values } = use.rule;
    const texts = values.filter((one) => typeof one === "string").map((one) => Buffer.from(one));
    const numbers = values.filter((one) => typeof one === "number");
    const isText = ({ from, at, stop }: RecordValue) =>
      texts.some((one) => one.length === stop - at && one.compare(from, at, stop) === 0);
    const isNumber = (value: RecordValue) => {
      const whole = value.whole();
      // A large integer is not the double that is nearest to it.
      return numbers.some((one) =>
        whole?.[0] === "i" ? Number.isInteger(one) && BigInt(one) === whole[1] : one === whole?.[1],
      );
    };
    return (value) => {
      const isNull = value.isBytes ? value.isText && isText(value) : numbers.length > 0 && isNumber(value);
      if (isNull) use.applied++;
      return isNull;
    };
  }

  /**
   * What takes the place of a value that does not fit; counts it.
   * @param render the constant as a field.
   * @returns `undefined` when no rule says anything of it.
   */
  instead(
    render: (value: boolean | number | string) => string,
  ): (() => string | typeof leftBehind) | undefined {
    const constant = this.of("default");
    if (constant !== undefined) {
      const field = render(constant.rule.value);
      return () => (constant.applied++, field);
    }
    const skip = this.of("skip-row");
    return skip && (() => (skip.applied++, leftBehind));
  }

  private of<K extends ColumnRule["kind"]>(kind: K) {
    return this.uses.find(
      (use): use is { rule: Extract<ColumnRule, { kind: K }>; applied: number } => use.rule.kind === kind,
    );
  }
}

/** @throws Misfit when the cast means nothing for the column's type */
export function requireCastable(column: TargetColumn, cast: Casting | undefined): void {
  if (cast !== undefined && !typeOf(column).casts.includes(cast.as))
    throw new Misfit(`${cast.as} does not convert to ${column.described}`);
}
