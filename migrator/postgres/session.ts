import type { Client } from "pg";
import type { DatabaseLogin } from "../server/login";

/** The variable that holds the password of the app's user on the embedded server. */
const passwordVariable = "PGMOOR_SOURCE_PASSWORD";

/**
 * The embedded server on the scratch copy: reached by its socket, so that no port is taken and nobody else comes.
 * @param socket its folder.
 */
export function embeddedLogin(socket: string, user: string, database: string): DatabaseLogin {
  return {
    label: "the embedded server",
    variables: {
      PGHOST: socket,
      PGPORT: "5432",
      PGUSER: user,
      PGDATABASE: database,
      PGPASSWORD: process.env[passwordVariable],
      PGSSLMODE: "disable",
    },
    passwordIn: passwordVariable,
    advice: "See the log of the source task",
  };
}

/** Has a session on a source see all rows or fail: policies that would hide some are off. */
export async function seeAll(client: Client): Promise<Client> {
  await client.query("SET row_security = off");
  return client;
}
