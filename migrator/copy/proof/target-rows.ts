import type { ClientBase } from "pg";
import { identifier } from "../../base/quoting";
import type { TablePlan } from "../copy-plan";
import { binaryRows } from "./binary-rows";
import type { Form } from "./form";
import { targetValueOf } from "./target-value";

/**
 * Rows of the target, some at a time; their bytes are valid until the next ones.
 * @param condition SQL behind FROM, in which `t` is the table. Default all rows.
 */
export async function* targetRows(
  client: ClientBase,
  { target, columns }: TablePlan,
  condition = "",
): AsyncGenerator<(Form | null)[][]> {
  const values = columns.map((column) => targetValueOf(column.target));
  const terms = columns.map((column, index) => values[index]!.term(`t.${identifier(column.target.name)}`));
  const query = `SELECT ${terms.join(", ")} FROM ${target.ownRows} AS t ${condition}`;
  const readers = values.map(({ form }) => form);
  yield* binaryRows(client, query, readers);
}
