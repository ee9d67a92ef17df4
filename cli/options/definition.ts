/** What `--service` takes from the environment that `PGMOOR_ENVIRONMENT` names. */
import { Refused } from "../../migrator/base/errors";
import { loadEnvironment } from "../../environments/model/load";
import { UserError } from "../../environments/model/problems";
import type { SqliteSource } from "../../services/definition";
import type { AnySource, Definition } from "../../services/job-definition";
import { namesOf } from "./services";

/** @throws Refused unless the service has it as its source */
export function sqliteDefinition(service: string): SqliteSource {
  const source = sourceOf(service);
  if (source.kind === "sqlite") return source;
  throw new Refused(
    `--service: the source of ${service} is a PostgreSQL, not a SQLite file. Give --source its URL: postgresql://USER@HOST:PORT/DATABASE`,
  );
}

/** @throws Refused unless the service has it as its source */
export function postgresDefinition(service: string): Exclude<AnySource, SqliteSource> {
  const source = sourceOf(service);
  if (source.kind === "postgres") return source;
  throw new Refused(`--service: the source of ${service} is a SQLite file. Give --source the file's path`);
}

function sourceOf(service: string): AnySource {
  const { source } = definitionOf(service);
  if (source === undefined)
    throw new Refused(
      `--service: ${service} has no source in its definition: it has been on the server all along`,
    );
  return source;
}

function definitionOf(service: string): Definition {
  try {
    const environment = loadEnvironment();
    namesOf(environment, [service]);
    return environment.services.find(({ definition }) => definition.name === service)!.definition;
  } catch (error) {
    // A mistake in the environment ends these commands as a mistake in their options does.
    throw error instanceof UserError ? new Refused(`--service: ${error.message}`) : error;
  }
}
