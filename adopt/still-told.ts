import { dsnVariables } from "../nomad/dsn";
import type { FoundApp } from "./find";
import { postgresUrl } from "./guess-dsn";
import { valuesOf } from "./values";

/** Variables that tell of the PostgreSQL beside the app, too, and that pgmoor does not know: the job keeps them. */
export function stillTold({ task, dsn, place }: FoundApp): string[] {
  if (place.kind !== "beside" || place.host === undefined || dsn === undefined) return [];
  const { host } = place;
  const known = new Set(dsnVariables(dsn));
  const names = [...valuesOf(task)].flatMap(([name, { text }]) =>
    !known.has(name) &&
    text.includes(host) &&
    (postgresUrl.test(text) || /(^|_)(db|database|pg|postgres|sql)/i.test(name))
      ? [name]
      : [],
  );
  return names.length === 0
    ? []
    : [
        `${names.join(", ")} of the task ${task.Name} names the PostgreSQL that leaves the job. Say in job() what it is on the server`,
      ];
}
