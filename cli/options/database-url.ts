import { Refused } from "../../migrator/base/errors";
import { loginOf, type DatabaseLogin } from "../../migrator/server/login";
import { passwordFor } from "./password-file";

/** What a URL may say besides, by the variable of libpq that says it. */
const parameters: Readonly<Record<string, string>> = { sslmode: "PGSSLMODE", sslrootcert: "PGSSLROOTCERT" };

/** The database that `--target` names; how TLS is used is libpq's to say where the URL does not. */
export function targetLoginOf(url: string): DatabaseLogin {
  const { PGSSLMODE, PGSSLROOTCERT } = process.env;
  const named = variablesOf("--target", url, "PGPASSWORD");
  const PGPASSWORD = passwordFor(named, process.env.PGPASSWORD);
  return loginOf({ PGSSLMODE, PGSSLROOTCERT, ...named, PGPASSWORD });
}

/** The running server's database that `--source` names. Nothing of what is said of the target holds for it. */
export function sourceLoginOf(url: string): DatabaseLogin {
  const variable = "PGMOOR_SOURCE_PASSWORD";
  const named = variablesOf("--source", url, variable);
  const PGPASSWORD = passwordFor(named, process.env[variable]);
  return loginOf({ ...named, PGPASSWORD }, "the source, ", `${variable}, or in ~/.pgpass`);
}

/**
 * The variables of libpq for `postgresql://USER@HOST:PORT/DATABASE?sslmode=…`, without a password.
 * @param option by which the URL was given.
 * @param variable that the password belongs in.
 * @throws Refused for anything else, a password above all: whoever may list processes would read it.
 */
export function variablesOf(option: string, given: string, variable: string): Record<string, string> {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  // The URL itself is never repeated: it may hold a password.
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    throw new Refused(`${option}: not a database URL. Allowed: postgresql://USER@HOST:PORT/DATABASE`);
  }
  if (url.password !== "" || url.searchParams.has("password")) {
    throw new Refused(
      `${option}: holds a password, which everyone who can list this machine's processes can read. Remove it from the URL and put it into ` +
        `${variable} or ~/.pgpass. Change the password if others use this machine`,
    );
  }
  const unknown = [...url.searchParams.keys()].filter((name) => !Object.hasOwn(parameters, name));
  if (unknown.length > 0) {
    throw new Refused(
      `${option}: unknown parameters: ${unknown.join(", ")}. Allowed: ${Object.keys(parameters).join(", ")}`,
    );
  }
  const user = decodeURIComponent(url.username) || process.env.PGUSER;
  const database = decodeURIComponent(url.pathname.slice(1));
  if (!user || database === "" || database.includes("/")) {
    throw new Refused(`${option}: must name user and database: postgresql://USER@HOST:PORT/DATABASE`);
  }
  return {
    PGHOST: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    PGPORT: url.port || "5432",
    PGUSER: user,
    PGDATABASE: database,
    ...Object.fromEntries([...url.searchParams].map(([name, value]) => [parameters[name] ?? name, value])),
  };
}
