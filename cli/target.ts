import { Refused } from "../migrator/errors";

/** What a URL may say besides, by the variable of libpq that says it. */
const parameters: Readonly<Record<string, string>> = { sslmode: "PGSSLMODE", sslrootcert: "PGSSLROOTCERT" };

/**
 * The variables of libpq for `postgresql://USER@HOST:PORT/DATABASE?sslmode=…`, with which the migrator connects.
 * @throws Refused for anything else, a password above all: whoever may list processes would read it.
 */
export function targetVariables(target: string): Record<string, string> {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  // The URL itself is never repeated: it may hold a password.
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    throw new Refused("--target: not a URL of a database. Allowed: postgresql://USER@HOST:PORT/DATABASE");
  }
  if (url.password !== "" || url.searchParams.has("password")) {
    throw new Refused(
      "--target: holds a password, which whoever lists the processes of this machine can read. Leave it out, and give it in " +
        "PGPASSWORD or in ~/.pgpass. Change it if others use this machine",
    );
  }
  const unknown = [...url.searchParams.keys()].filter((name) => !Object.hasOwn(parameters, name));
  if (unknown.length > 0) {
    throw new Refused(
      `--target: unknown parameters: ${unknown.join(", ")}. Allowed: ${Object.keys(parameters).join(", ")}`,
    );
  }
  const user = decodeURIComponent(url.username) || process.env.PGUSER;
  const database = decodeURIComponent(url.pathname.slice(1));
  if (!user || database === "" || database.includes("/")) {
    throw new Refused("--target: has to name user and database: postgresql://USER@HOST:PORT/DATABASE");
  }
  return {
    PGHOST: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    PGPORT: url.port || "5432",
    PGUSER: user,
    PGDATABASE: database,
    ...Object.fromEntries([...url.searchParams].map(([name, value]) => [parameters[name] ?? name, value])),
  };
}
