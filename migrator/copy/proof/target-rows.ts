import type { ClientBase } from "pg";
import { identifier } from "../../base/quoting";
import type { TablePlan } from "../copy-plan";
import { copyOut } from "../../server/copy-out";
import { binaryCopy, binaryRows } from "./binary-rows";
import type { Form } from "./form";
import { targetValueOf } from "./target-value";

/** Rows of the target, some at a time; their bytes are valid until the next ones. */
export const targetRows = (client: ClientBase, plan: TablePlan) =>
  rowsIn(plan, copyOut(client, binaryCopy(selected(plan, ""))));

/**
 * Rows of the target as they come, for `rowsIn`.
 * @param condition SQL behind FROM, in which `t` is the table.
 */
export async function targetBytes(client: ClientBase, plan: TablePlan, condition: string): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of copyOut(client, binaryCopy(selected(plan, condition)))) chunks.push(chunk);
  return chunks;
}

/** Rows, some at a time. */
export function rowsIn(
  { columns }: TablePlan,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<(Form | null)[][]> {
  const readers = columns.map(({ target }) => targetValueOf(target).form);
  return binaryRows(chunks, readers);
}

function selected({ target, columns }: TablePlan, condition: string): string {
  const terms = columns.map((column) =>
    targetValueOf(column.target).term(`t.${identifier(column.target.name)}`),
  );
  return `SELECT ${terms.join(", ")} FROM ${target.ownRows} AS t ${condition}`;
}
