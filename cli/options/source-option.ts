import { Refused } from "../../migrator/base/errors";
import type { Extent } from "../../migrator/copy/proof/extent";
import { SqliteFile } from "../../migrator/copy/sqlite-file";
import { SqliteWithSchema } from "../../migrator/copy/sqlite-with-schema";
import type { SourceByHand } from "../../migrator/moves/source";
import { RunningSource } from "../../migrator/postgres/running/running-source";
import type { Run } from "../../migrator/server/run";
import { migrationTableNames } from "../../services/rules";
import { sourceLoginOf } from "./database-url";
import { postgresDefinition, sqliteDefinition } from "./definition";
import { rulesOf, type RulesOptions } from "./rules-file";
import { fileOf } from "./terminal";

/** The options that say what is moved, and how. */
export interface SourceOptions extends RulesOptions {
  readonly source: string;
  readonly verify?: Extent;
  /** A command that builds the app's schema. */
  readonly schema?: string;
}

const isUrl = (given: string) => /^\w+:\/\//.test(given);

/**
 * The source that `--source` names, with what `--rules`, or the definition of `--service`, and `--verify` say of it.
 * @throws Refused for rules or a schema of a PostgreSQL: its values are copied unchanged, and its schema with them
 */
export function sourceOf(run: Run, options: SourceOptions): SourceByHand {
  const { source: given, rules, service, verify, schema } = options;
  if (!isUrl(given)) {
    const declared = service === undefined ? undefined : sqliteDefinition(service).verify;
    const of = [fileOf(given), rulesOf(options), verify ?? declared ?? "sample"] as const;
    return schema === undefined ? new SqliteFile(...of) : new SqliteWithSchema(...of, schema, fileOf("."));
  }
  if (schema !== undefined)
    throw new Refused("--schema is for a SQLite file: a PostgreSQL brings its schema along. Remove --schema");
  if (rules !== undefined)
    throw new Refused(
      "--rules is for a SQLite file: PostgreSQL's values are copied unchanged. Remove --rules",
    );
  const { migrationTables } = service === undefined ? rulesOf({}) : postgresDefinition(service);
  return new RunningSource(run, sourceLoginOf(given), migrationTableNames(migrationTables));
}

/** The SQLite file that `back` writes anew. @throws Refused for a PostgreSQL, saying how that goes back */
export function backSourceOf(given: string): string {
  if (!isUrl(given)) return fileOf(given);
  throw new Refused(
    "--source: back writes SQLite files only. To take a PostgreSQL back: pg_dump --format=custom --no-owner --no-acl " +
      "--exclude-schema=pgmoor of the target, and pg_restore --no-owner into an empty database of the old server. See " +
      "docs/move-by-hand.md",
  );
}
