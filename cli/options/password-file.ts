import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Refused } from "../../migrator/base/errors";

/** A line of a password file: HOST:PORT:DATABASE:USER:PASSWORD, `*` for any, `\` before a colon or itself. */
function fieldsOf(line: string): string[] {
  const fields = line.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? [];
  return fields.slice(0, 5).map((field) => field.replace(/:$/, "").replace(/\\(.)/g, "$1"));
}

/**
 * The password for a server as libpq finds it: the one that is given, else the first line of PGPASSFILE or ~/.pgpass that fits.
 * @param server libpq's variables.
 * @param given in the environment.
 * @returns `undefined` when there is none; the server may not ask for one.
 * @throws Refused for a password file that others may read.
 */
export function passwordFor(
  server: Readonly<Record<string, string>>,
  given: string | undefined,
): string | undefined {
  if (given) return given;
  const file = process.env.PGPASSFILE ?? path.join(os.homedir(), ".pgpass");
  if (!fs.existsSync(file)) return undefined;
  if ((fs.statSync(file).mode & 0o077) !== 0)
    throw new Refused(`${file}: other users can read it. Run: chmod 600 ${file}`);
  const wanted = [server.PGHOST, server.PGPORT, server.PGDATABASE, server.PGUSER];
  const lines = fs.readFileSync(file, "utf8").split(/\r?\n/);
  return lines
    .filter((line) => !line.startsWith("#"))
    .map(fieldsOf)
    .find((fields) => wanted.every((want, index) => fields[index] === "*" || fields[index] === want))?.[4];
}
