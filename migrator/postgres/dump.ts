import * as fs from "node:fs/promises";
import * as path from "node:path";
import { identifier, literal } from "../base/quoting";
import { Failed } from "../base/errors";
import { ledgerSchema } from "../../services/ledger";
import type { Run } from "../server/run";
import type { DatabaseLogin } from "../server/login";
import { runProgram } from "./programs";

/** What every dump of ours is: read by pg_restore, as text that PostgreSQL takes from us. It never asks for a password. */
export const dumpFormat = ["--format=custom", "--encoding=UTF8", "--no-password"];

/** The definitions in a file of pg_dump's custom format, whether it holds rows or not; owners and grants are left out. */
export class Definitions {
  /** @param file the dump. */
  constructor(
    private readonly run: Run,
    private readonly file: string,
  ) {}

  /**
   * Has pg_dump write a database's definitions, without rows.
   * @param snapshot that it looks at, exported by a session. Default its own.
   */
  static async of(run: Run, server: DatabaseLogin, snapshot?: string): Promise<Definitions> {
    await fs.mkdir(run.scratch, { recursive: true, mode: 0o700 });
    const file = path.join(run.scratch, "definitions.dump");
    const args = [...dumpFormat, "--schema-only", `--file=${file}`];
    if (snapshot !== undefined) args.push(`--snapshot=${snapshot}`);
    await runProgram(run, "pg_dump", args, server);
    return new Definitions(run, file);
  }

  /**
   * The SQL to run before the rows are there (types, tables, functions, …) and after (indexes, keys, triggers, …).
   * @param there schemas that the target has, of an extension or from the start.
   * @param schemas those of the source by their OIDs: their names in the table of contents have no end.
   * @param searchPath schemas in which expressions of indexes, functions and triggers find what they name without a schema;
   *   pg_dump would leave them with none.
   */
  async restore(
    there: readonly string[],
    schemas: ReadonlyMap<string, string>,
    searchPath: string,
  ): Promise<{ before: string; after: string }> {
    const { run, file } = this;
    const contents = await runProgram(run, "pg_restore", ["--list", file]);
    await fs.mkdir(run.scratch, { recursive: true, mode: 0o700 });
    const list = path.join(run.scratch, "definitions.list");
    await fs.writeFile(
      list,
      contents
        .split("\n")
        .filter((line) => !isLeftOut(line, there, schemas))
        .join("\n"),
      { mode: 0o600 },
    );
    const without = ["--no-owner", "--no-acl", "--no-tablespaces", `--exclude-schema=${ledgerSchema}`];
    const section = async (name: string) => {
      const args = [`--section=${name}`, `--use-list=${list}`, ...without, "--file=-", file];
      return withSearchPath(await runProgram(run, "pg_restore", args), searchPath);
    };
    return { before: await section("pre-data"), after: await section("post-data") };
  }
}

/** A line of the table of contents is `ID; TABLE-OID OID TYPE SCHEMA NAME OWNER`; extensions are the admin's to make. */
function isLeftOut(line: string, there: readonly string[], schemas: ReadonlyMap<string, string>): boolean {
  const [, oid = "", entry] = /^\d+; \d+ (\d+) (.*)$/.exec(line) ?? [];
  if (entry === undefined) return false;
  const begins = (...starts: string[]) => starts.some((start) => entry.startsWith(`${start} `));
  if (begins("EXTENSION -", "COMMENT - EXTENSION")) return true;
  if (begins("SCHEMA -")) return there.includes(schemas.get(oid) ?? "");
  // Quoted where the name is not a plain word.
  return there.some((schema) =>
    begins(`COMMENT - SCHEMA ${schema}`, `COMMENT - SCHEMA ${identifier(schema)}`),
  );
}

const emptied = "SELECT pg_catalog.set_config('search_path', '', false);";

/** Puts the source's search path in the place of none. psql's own commands around the script (`\restrict`) are not SQL. */
function withSearchPath(script: string, searchPath: string): string {
  if (!script.includes(emptied))
    throw new Failed("pg_restore's script does not set search_path where pgmoor expects it");
  return script
    .replace(/^\\restrict \w+$/m, "")
    .replace(/\n\\unrestrict \w+\s*$/, "\n")
    .replace(emptied, () => `SELECT pg_catalog.set_config('search_path', ${literal(searchPath)}, false);`);
}
