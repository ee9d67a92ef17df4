import { Refused } from "../base/errors";
import type { Help } from "../values/misfit";

/** At most so many offending values are named at once. */
export const misfitLimit = 100;

/** A value that does not fit, by place and kind, and the rule that would help where one can. */
export interface Offence {
  readonly table: string;
  /** As the source has it. */
  readonly column: string;
  readonly row: string;
  readonly kind: string;
  readonly help: Help | undefined;
}

/** The rules that would let the values pass, as they are written in a definition or a file; each once. */
function rulesThatHelp(offences: readonly Offence[]): string[] {
  const rules = offences.flatMap(({ table, column, help }) => {
    if (help === undefined) return [];
    const { kind, ...rest } = help;
    if (kind !== "default") return [JSON.stringify({ kind, table, column, ...rest })];
    const place = `"table":${JSON.stringify(table)},"column":${JSON.stringify(column)}`;
    return [`{"kind":"default",${place},"value":…} or {"kind":"skip-row",${place}}`];
  });
  return [...new Set(rules)];
}

const inShort = (help: Help) =>
  help.kind === "cast"
    ? `cast ${help.as}`
    : help.kind === "null-if"
      ? `null-if ${JSON.stringify(help.values[0])}`
      : "default or skip-row";

/** Names every value that stopped the copy, and what would let it go on. */
export function refusal(offences: readonly Offence[]): Refused {
  const lines = offences.map(
    ({ table, column, row, kind, help }) =>
      `  ${table}.${column}, ${row}: ${kind}${help === undefined ? "" : ` (this rule would help: ${inShort(help)})`}`,
  );
  const count =
    offences.length >= misfitLimit ? `the first ${misfitLimit} values` : `${offences.length} value(s)`;
  const rules = rulesThatHelp(offences);
  const advice =
    rules.length === 0
      ? ["Correct these rows with the app or in the source, and try again"]
      : [
          "Correct these rows with the app or in the source, or declare a rule (`rules` of the definition's source; by hand: --rules), and try again:",
          ...rules.map((rule) => `  ${rule}`),
        ];
  return new Refused(
    [`${count} of the source cannot be copied without loss:`, ...lines, ...advice].join("\n"),
  );
}
