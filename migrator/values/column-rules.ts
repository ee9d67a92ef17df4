/** Declared rules at work: what a column's rules make of its values, and how often they did. */
import type { Cast, ColumnRule, Rule, SequenceRule } from "../../services/rules";
import { Misfit, type Casting } from "./misfit";
import type { TablePlan } from "../copy/copy-plan";
import type { Raw, SqliteDatabase, Storage } from "../sqlite/sqlite-database";
import type { TargetColumn } from "../server/target";

/** A rule, and to how many values it was applied; for what was left behind, and for what a sequence follows, the number of rows. */
export interface RuleUse {
  readonly rule: Rule;
  readonly applied: number;
}

/** What takes the place of a value that does not fit: a field for COPY, or nothing, since its row is left behind. */
export const leftBehind = Symbol("the row is left behind");

/** The rules of one column. */
export class ColumnRules {
  private readonly uses: { readonly rule: ColumnRule; applied: number }[];
  readonly cast: Casting | undefined;

  constructor(rules: readonly ColumnRule[]) {
    this.uses = rules.map((rule) => ({ rule, applied: 0 }));
    const use = this.of("cast");
    this.cast = use && { as: use.rule.as, used: () => void use.applied++ };
  }

  /** How often a rule of this column was applied. */
  count(rule: Rule): number {
    return this.uses.find((use) => use.rule === rule)?.applied ?? 0;
  }

  /** Whether a value stands for NULL; counts it. */
  nullIf(encoding: SqliteDatabase["encoding"]): (storage: Storage, value: Exclude<Raw, null>) => boolean {
    const use = this.of("null-if");
    if (use === undefined) return () => false;
    const values = new Set<unknown>(use.rule.values);
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    return (storage, value) => {
      const read =
        storage === "t" ? decoder.decode(value as Buffer) : storage === "b" ? undefined : Number(value);
      if (!values.has(read)) return false;
      use.applied++;
      return true;
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

const numbers = ["int2", "int4", "int8", "float4", "float8", "numeric"];
const stamps = ["timestamp", "timestamptz"];
const casts: Record<Exclude<Cast, "utf8">, readonly string[]> = {
  round: [...numbers, ...stamps, "time"],
  "epoch-seconds": [...stamps, "date"],
  "epoch-milliseconds": [...stamps, "date"],
  "julian-days": [...stamps, "date"],
  utc: ["timestamp"],
  day: ["date"],
};
const notText = new Set([...numbers, ...stamps, "bool", "date", "time", "bytea", "uuid"]);

/** @throws Misfit when the cast means nothing for the column's type */
export function requireCastable(column: TargetColumn, cast: Casting | undefined): void {
  if (cast === undefined) return;
  const fits = cast.as === "utf8" ? !notText.has(column.type) : casts[cast.as].includes(column.type);
  if (!fits) throw new Misfit(`${cast.as} is no cast to ${column.described}`);
}

/** What every declared rule did, once the rows have been read by these plans. */
export function countRuleUses(
  rules: readonly Rule[],
  plans: readonly TablePlan[],
  source: SqliteDatabase,
): RuleUse[] {
  const columns = plans.flatMap((plan) => plan.columns);
  const tables = source.tables();
  const followed = (rule: SequenceRule) =>
    tables.filter(({ name }) => name === rule.table).reduce((sum, table) => sum + source.count(table), 0);
  return rules.map((rule) => {
    if (rule.kind === "sequence") return { rule, applied: followed(rule) };
    const applied =
      rule.kind === "skip-table" || rule.kind === "skip-column"
        ? tables
            .filter(({ name }) => name === rule.table)
            .reduce((sum, table) => sum + source.count(table), 0)
        : columns.reduce((sum, { converter }) => sum + (converter.rules?.count(rule) ?? 0), 0);
    return { rule, applied };
  });
}
