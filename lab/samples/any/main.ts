/**
 * Stands in the lab for any image that runs on PostgreSQL: takes the DSN in the variables that the service's definition
 * names (`PGMOOR_LAB_DSN`), counts the rows of the table `notes`, which it makes in a new database; `POST /notes` adds one.
 */
import type { PoolConfig } from "pg";
import { readFileSync } from "node:fs";
import { caPath, sslModes, type Variable, type VariablesDsn } from "../../../nomad/dsn";
import { openPostgres } from "../database";
import { endOnSignal, fail, required, serve } from "../serve";

function main(): void {
  endOnSignal();
  const database = openPostgres(connection(JSON.parse(required("PGMOOR_LAB_DSN")) as VariablesDsn));
  const health = required("PGMOOR_LAB_HEALTH");
  const count = async () => {
    await database.query("CREATE TABLE IF NOT EXISTS notes (n int)");
    const [notes] = await database.query("SELECT count(*) AS n FROM notes");
    return { backend: database.backend, items: Number(notes!.n) };
  };
  const add = async () => {
    const [note] = await database.query(
      "INSERT INTO notes SELECT coalesce(max(n), 0) + 1 FROM notes RETURNING n",
    );
    return note;
  };
  serve({
    database,
    port: Number(required("PGMOOR_LAB_PORT")),
    health,
    routes: { [`GET ${health}`]: count, "GET /backend": count, "POST /notes": add },
  });
}

function connection({ server, database, username, password, tls }: VariablesDsn): PoolConfig {
  const [host, port] =
    "address" in server
      ? valueOf(server.address)
          .replace(server.prefix ?? "", "")
          .split(":")
      : [valueOf(server.host), valueOf(server.port)];
  return {
    host,
    port: Number(port),
    database: valueOf(database),
    user: valueOf(username),
    password: valueOf(password),
    ...(tls === undefined ? {} : encryption(tls)),
  };
}

/** As the app would by these variables: the strictest mode whose variables are all set. */
function encryption(tls: NonNullable<VariablesDsn["tls"]>): Pick<PoolConfig, "ssl"> {
  const mode = [...sslModes]
    .reverse()
    .find((one) =>
      Object.entries(tls[one] ?? { never: "" }).every(([name, value]) => process.env[name] === value),
    );
  switch (mode) {
    case "require":
      return { ssl: { rejectUnauthorized: false } };
    case "verify-ca":
      return { ssl: { ca: readFileSync(caPath, "utf8"), checkServerIdentity: () => undefined } };
    case "verify-full":
      return { ssl: { ca: readFileSync(caPath, "utf8") } };
    case "disable":
    case undefined:
      return {};
  }
}

/** Of several variables the last is the one that counts. */
function valueOf(variable: Variable): string {
  return required([variable].flat().at(-1)!);
}

try {
  main();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
