/** Sessions of the server's admin, a superuser. */
import type { Client } from "pg";
import { Deadline } from "../base/deadline";
import { connect, endSession } from "../server/connection";
import { loginOf, type DatabaseLogin } from "../server/login";
import type { Log } from "../base/progress";

/**
 * Into a database. Its owner may have set its search_path, and a function there would run as the superuser: ours is the one
 * that counts, from the session's first statement.
 */
export function adminOf(variables: DatabaseLogin["variables"], database = "postgres"): DatabaseLogin {
  return loginOf({
    ...variables,
    PGDATABASE: database,
    PGOPTIONS: "-c search_path=pg_catalog -c row_security=off -c statement_timeout=0",
  });
}

/** `work` in a session of its own. @param patience seconds to wait for the server. Default a single try. */
export async function asAdmin<T>(
  login: DatabaseLogin,
  work: (client: Client) => Promise<T>,
  patience?: { readonly seconds: number; readonly log: Log },
): Promise<T> {
  const client = await connect(
    login,
    patience && { deadline: new Deadline(patience.seconds), log: patience.log },
  );
  try {
    return await work(client);
  } finally {
    await endSession(client);
  }
}
