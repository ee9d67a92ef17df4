/** A database on a server, and how a role gets in. */
export interface DatabaseLogin {
  /** As messages call it. */
  readonly label: string;
  /** libpq's: PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, PGSSLROOTCERT. Its client programs take them as they are. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where its password is to be given. */
  readonly passwordIn: string;
  /** What to look at when it says no. */
  readonly advice: string;
}

/** libpq's variables of an environment. */
export function serverVariables(env: NodeJS.ProcessEnv): DatabaseLogin["variables"] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("PG")));
}

/**
 * A server by libpq's variables.
 * @param prefix of its label: what it is to us. Default nothing, as for the target.
 */
export function loginOf(
  variables: DatabaseLogin["variables"],
  prefix = "",
  passwordIn = "PGPASSWORD, or in ~/.pgpass",
): DatabaseLogin {
  const { PGHOST, PGPORT = "5432" } = variables;
  const advice = "Check that the server is up and that the password is the role's";
  return { label: `${prefix}PostgreSQL at ${PGHOST}:${PGPORT}`, variables, passwordIn, advice };
}
