/** Count and checksum of tables, by the server that has them. */
import type { ClientBase } from "pg";
import type { TableRecord } from "../ledger/ledger";
import { rowSum } from "../server/row-sum";
import type { Table } from "./catalog";

/** What is known of the rows of a side. */
export interface Sums {
  rows(table: Table): Promise<number>;
  of(table: Table): Promise<TableRecord>;
}

export async function sumOf(client: ClientBase, { qualified, columns }: Table): Promise<TableRecord> {
  return { ...(await rowSum(client, qualified, columns)), form: "sent" };
}

/** Asks the server for them, each time anew. */
export const askedFor = (client: ClientBase): Sums => ({
  rows: async ({ qualified }) => {
    const result = await client.query<{ rows: number }>(
      `SELECT count(*)::float8 AS rows FROM ONLY ${qualified}`,
    );
    return result.rows[0]!.rows;
  },
  of: (table) => sumOf(client, table),
});

/**
 * Asks for those of all tables from now on, one after the other, while others work.
 * @param sums by a session for this alone, which would else wait for its turn.
 */
export function begun(sums: Sums, tables: readonly Table[]): Sums {
  let last: Promise<unknown> = Promise.resolve();
  const next = <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = last.then(ask);
    // Whoever asks for it gets its error. When the copy fails first, nobody does.
    answer.catch(() => undefined);
    last = answer;
    return answer;
  };
  const all = new Map(
    tables.map((table) => [
      table.qualified,
      { rows: next(() => sums.rows(table)), record: next(() => sums.of(table)) },
    ]),
  );
  return {
    rows: ({ qualified }) => all.get(qualified)!.rows,
    of: ({ qualified }) => all.get(qualified)!.record,
  };
}
