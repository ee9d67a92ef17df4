import type { SourceByHand } from "../../migrator/moves/by-hand";
import type { SqliteFile } from "../../migrator/job/config";
import { Refused } from "../../migrator/base/errors";
import type { CopyRules } from "../../migrator/copy/copy-plan";
import type { Run } from "../../migrator/server/run";
import { RunningSource } from "../../migrator/postgres/running/running-source";
import { readRules } from "./rules-file";
import { fileOf } from "./terminal";
import { sourceLoginOf } from "./database-url";

const isUrl = (given: string) => /^\w+:\/\//.test(given);

/** The source that `--source` names. */
export function sourceOf(run: Run, given: string): SourceByHand {
  return isUrl(given) ? new RunningSource(run, sourceLoginOf(given)) : fileSourceOf(given);
}

const fileSourceOf = (given: string): SqliteFile => ({ kind: "sqlite", file: fileOf(given) });

/** The SQLite file that `back` writes anew. @throws Refused for a PostgreSQL, saying how that goes back */
export function backSourceOf(given: string): SqliteFile {
  if (!isUrl(given)) return fileSourceOf(given);
  throw new Refused(
    "--source: back writes SQLite files only. To take a PostgreSQL back: pg_dump --format=custom --no-owner --no-acl " +
      "--exclude-schema=pgmoor of the target, and pg_restore --no-owner into an empty database of the old server. See " +
      "docs/move-by-hand.md",
  );
}

/** What `--rules` declares of a source. @throws Refused for a PostgreSQL: its values go over as they are */
export function rulesOf(source: SourceByHand, rules: string | undefined): CopyRules {
  if (source.kind === "server" && rules !== undefined)
    throw new Refused(
      "--rules is for a SQLite file: PostgreSQL's values are copied unchanged. Remove --rules",
    );
  return readRules(rules);
}
