import type { Dsn } from "../../nomad/dsn";
import type { SchemaBuild } from "../../services/definition";
import type { MigrationTable, Rule } from "../../services/rules";

/** What pgmoor knows of an app that people run, so that it can find the database of a job with its image. */
export interface KnownApp {
  readonly name: string;
  /** Matches the image without its tag: `ghcr.io/paperless-ngx/paperless-ngx`. */
  readonly image: RegExp;
  /** Matches the tags that it is about: images of one name may have their data in other places. @default every tag */
  readonly tag?: RegExp;
  /** A path that answers 2xx to anyone once the app runs. */
  readonly health: string;
  /** How it takes its DSN. Absent: it has no PostgreSQL. */
  readonly dsn?: Dsn;
  /** Other variables that it takes its DSN in. A job that has one of them is taken at its word. @default none */
  readonly otherDsn?: Dsn;
  /** Extensions of PostgreSQL that it needs. @default none */
  readonly extensions?: readonly string[];
  /** Where it has its data without a DSN. Absent: it needs a server. */
  readonly sqlite?: KnownSqlite;
  /** Tables in which it records its migrations on PostgreSQL. */
  readonly migrationTables: readonly MigrationTable[];
  /** What a person has to do before a move from SQLite. @default nothing */
  readonly before?: string;
  /** Why it cannot be moved. */
  readonly cannotMove?: string;
  readonly readsDsnOnce?: string;
}

export interface KnownSqlite {
  /** As the image has it by default. */
  readonly file: string;
  /** The variable that says another file, or another folder with the same file's name. */
  readonly fileVariable?: string;
  readonly folderVariable?: string;
  /** Variables that are about this file and go when the service moves. @default none */
  readonly variables?: readonly string[];
  /** How it builds its schema; or what a person has to say, where no command is known. */
  readonly schema: SchemaBuild | string;
  readonly rules?: readonly Rule[];
}
