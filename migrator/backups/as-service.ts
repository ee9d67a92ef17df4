/** Looks at a restored database as the role of its service does, and not as the server's admin. */
import { Failed, messageOf } from "../base/errors";
import type { Log } from "../base/progress";
import { connect, endSession } from "../server/connection";
import type { DatabaseLogin } from "../server/login";

export interface AsService {
  /** Of the role that owns it. */
  readonly login: DatabaseLogin;
  /** Answers with one row of one column, true. Default: the role reads every table that it owns. */
  readonly query: string | undefined;
  readonly log: Log;
}

/** Each can take long on a large database, and none may take for ever. */
const queryTimeout = "10min";

const ownTables = `
  SELECT c.oid::regclass::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
   WHERE c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname = current_user ORDER BY 1`;

/** An answer without its values, which may be the service's data. */
function shapeOf(values: readonly unknown[]): string {
  if (values.length !== 1) return `${values.length} values`;
  const [value] = values;
  return value === false || value === null ? String(value) : `a value of another type (${typeof value})`;
}

/** @throws Failed when it cannot log in, a query fails, or the answer is not true */
export async function lookAsService({ login, query, log }: AsService): Promise<void> {
  const owner = login.variables.PGUSER;
  const client = await connect(login);
  try {
    await client.query(`SET statement_timeout = '${queryTimeout}'`);
    if (query !== undefined) {
      const { rows } = await client.query<Record<string, unknown>>(query);
      const values = rows.flatMap((row) => Object.values(row));
      if (values.length !== 1 || values[0] !== true)
        throw new Failed(
          `its query (definition.database.restoreQuery) should answer true, and answers ${shapeOf(values)}`,
        );
      log(`${owner}: its query answers true`);
      return;
    }
    const tables = await client.query<{ name: string }>(ownTables);
    for (const { name } of tables.rows) await client.query(`SELECT FROM ${name} LIMIT 1`);
    log(`${owner}: reads its ${tables.rows.length} tables and views`);
  } catch (error) {
    throw new Failed(`the restored database of ${owner} is not what its service needs: ${messageOf(error)}`);
  } finally {
    await endSession(client);
  }
}
