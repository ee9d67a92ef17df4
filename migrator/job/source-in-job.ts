import { migrationTableNames } from "../../services/rules";
import { SqliteInJob } from "../copy/sqlite-file";
import type { SourceInJob } from "../moves/source";
import { DataDirectory } from "../postgres/embedded/data-directory";
import type { Config } from "./config";

/** The source that a configuration names. */
export function sourceInJob({ source, migrationTables, rules, verify }: Config): SourceInJob {
  switch (source.kind) {
    case "sqlite":
      return new SqliteInJob(source.file, { migrationTables, rules }, verify, source.schema);
    case "postgres":
      return new DataDirectory(source, migrationTableNames(migrationTables));
  }
}
