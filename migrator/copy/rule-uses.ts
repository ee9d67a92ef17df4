import type { LeaveOnServerRule, LikeRule, ReplaceRule, Rule, SequenceRule } from "../../services/rules";
import type { RuleUse } from "../ledger/ledger";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { TablePlan } from "./copy-plan";

/** What every declared rule did, once the rows have been read by these plans. */
export function countRuleUses(
  rules: readonly Rule[],
  plans: readonly TablePlan[],
  source: SqliteDatabase,
): RuleUse[] {
  const columns = plans.flatMap((plan) => plan.columns);
  const tables = source.tables();
  const rowsOf = (rule: SequenceRule | ReplaceRule) =>
    tables.filter(({ name }) => name === rule.table).reduce((sum, table) => sum + source.count(table), 0);
  return rules.filter(isOfTheCopy).map((rule) => {
    if (rule.kind === "sequence" || rule.kind === "replace") return { rule, applied: rowsOf(rule) };
    const applied =
      rule.kind === "skip-table" || rule.kind === "skip-column"
        ? tables
            .filter(({ name }) => name === rule.table)
            .reduce((sum, table) => sum + source.count(table), 0)
        : columns.reduce((sum, { converter }) => sum + (converter.rules?.count(rule) ?? 0), 0);
    return { rule, applied };
  });
}

/** Rules for the way back do nothing on the way there. */
const isOfTheCopy = (rule: Rule): rule is Exclude<Rule, LeaveOnServerRule | LikeRule> =>
  rule.kind !== "leave-on-server" && rule.kind !== "like";
