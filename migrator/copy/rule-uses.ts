import { isColumnRule, type LeaveOnServerRule, type LikeRule, type Rule } from "../../services/rules";
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
  const rowsOf = (rule: Rule) =>
    tables.filter(({ name }) => name === rule.table).reduce((sum, table) => sum + source.count(table), 0);
  return rules.filter(isOfTheCopy).map((rule) => {
    const applied = isColumnRule(rule)
      ? columns.reduce((sum, { converter }) => sum + (converter.rules?.count(rule) ?? 0), 0)
      : rowsOf(rule);
    return { rule, applied };
  });
}

/** Rules for the way back do nothing on the way there. */
const isOfTheCopy = (rule: Rule): rule is Exclude<Rule, LeaveOnServerRule | LikeRule> =>
  rule.kind !== "leave-on-server" && rule.kind !== "like";
