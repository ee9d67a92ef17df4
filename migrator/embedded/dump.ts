import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";
import { literal } from "../connection";
import type { Deadline } from "../deadline";
import { Failed, messageOf, Refused } from "../errors";
import { ledgerSchema } from "../ledger";
import { libpqVariables, type SourceAddress } from "./session";

const execute = promisify(execFile);
const outputLimit = 512 << 20;

/**
 * Runs one of PostgreSQL's client programs. An end of ours needs no signal to it: the embedded server that it talks to is
 * ended, too.
 */
async function run(
  program: string,
  args: string[],
  deadline: Deadline,
  env: Record<string, string> = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      env: { PATH: process.env.PATH, LC_ALL: "C", ...env },
      maxBuffer: outputLimit,
      timeout: Math.ceil(deadline.remaining) + 1,
    });
    return stdout;
  } catch (error) {
    const { code, stderr = "" } = error as { code?: string | number; stderr?: string };
    if (code === "ENOENT") {
      throw new Refused(
        `${program} is not on PATH: run the migrator by the image of migrator/Dockerfile, which has the client programs`,
      );
    }
    throw new Failed(`${program} failed: ${stderr.trim() || messageOf(error)}`);
  }
}

/** The major version of the client programs that are here. */
export async function clientMajor(deadline: Deadline): Promise<number> {
  const text = await run("pg_dump", ["--version"], deadline);
  const major = /\(PostgreSQL\) (\d+)/.exec(text)?.[1];
  if (major === undefined) throw new Failed(`pg_dump does not say its version: ${text.trim()}`);
  return Number(major);
}

/** The definitions of everything in a database, without rows, owners and grants, as pg_dump writes them. */
export class SchemaDump {
  private constructor(
    private readonly file: string,
    private readonly deadline: Deadline,
  ) {}

  static async of(source: SourceAddress, file: string, deadline: Deadline): Promise<SchemaDump> {
    const args = [
      "--format=custom",
      "--schema-only",
      "--no-owner",
      "--no-acl",
      "--no-tablespaces",
      "--encoding=UTF8",
    ];
    args.push(`--exclude-schema=${ledgerSchema}`, `--file=${file}`);
    await run("pg_dump", args, deadline, libpqVariables(source));
    return new SchemaDump(file, deadline);
  }

  /**
   * The SQL to run before the rows are there (types, tables, functions, …) and after (indexes, keys, triggers, …).
   * @param there schemas that the target has, of an extension or from the start.
   * @param searchPath schemas in which expressions of indexes, functions and triggers find what they name without a schema;
   *   pg_dump would leave them with none.
   */
  async restore(there: readonly string[], searchPath: string): Promise<{ before: string; after: string }> {
    const contents = await run("pg_restore", ["--list", this.file], this.deadline);
    const list = `${this.file}.list`;
    await fs.writeFile(
      list,
      contents
        .split("\n")
        .filter((line) => !isLeftOut(line, there))
        .join("\n"),
      { mode: 0o600 },
    );
    const section = async (name: string) => {
      const args = [
        `--section=${name}`,
        `--use-list=${list}`,
        "--no-owner",
        "--no-acl",
        "--file=-",
        this.file,
      ];
      return withSearchPath(await run("pg_restore", args, this.deadline), searchPath);
    };
    return { before: await section("pre-data"), after: await section("post-data") };
  }
}

/** A line of the table of contents is `ID; TABLE-OID OID TYPE SCHEMA NAME OWNER`; extensions are the admin's to make. */
function isLeftOut(line: string, there: readonly string[]): boolean {
  const entry = /^\d+; \d+ \d+ (.*)$/.exec(line)?.[1];
  if (entry === undefined) return false;
  const begins = (...starts: string[]) => starts.some((start) => entry.startsWith(`${start} `));
  if (begins("EXTENSION -", "COMMENT - EXTENSION")) return true;
  return there.some((schema) => begins(`SCHEMA - ${schema}`, `COMMENT - SCHEMA ${schema}`));
}

const emptied = "SELECT pg_catalog.set_config('search_path', '', false);";

/** Puts the source's search path in the place of none. psql's own commands around the script (`\restrict`) are not SQL. */
function withSearchPath(script: string, searchPath: string): string {
  if (!script.includes(emptied))
    throw new Failed("pg_restore's script does not set search_path as it always did");
  return script
    .replace(/^\\restrict \w+$/m, "")
    .replace(/\n\\unrestrict \w+\s*$/, "\n")
    .replace(emptied, () => `SELECT pg_catalog.set_config('search_path', ${literal(searchPath)}, false);`);
}
