import { dataSource } from "../protocol/provider";
import {
  bool,
  computed,
  defaulted,
  listOf,
  optional,
  optionalComputed,
  required,
  setOf,
  text,
} from "../protocol/schema";
import type { PostgresOf } from "./server";

/** The schemas of a database. Reading it shows, when planning, that the server is there and lets us in. */
export const schemas = dataSource<PostgresOf>()({
  attributes: {
    id: optionalComputed(text),
    database: required(text),
    include_system_schemas: defaulted(bool, false),
    like_any_patterns: optional(listOf(text)),
    like_all_patterns: optional(listOf(text)),
    not_like_all_patterns: optional(listOf(text)),
    regex_pattern: optional(text),
    schemas: computed(setOf(text)),
  },
  async read(config, { client }) {
    const rows = await client().use(
      (session) =>
        session.query<{ name: string }>(
          `SELECT schema_name::text AS name FROM information_schema.schemata
            WHERE ($1 OR (schema_name NOT LIKE 'pg_%' AND schema_name <> 'information_schema'))
              AND ($2::text[] IS NULL OR schema_name LIKE ANY ($2))
              AND ($3::text[] IS NULL OR schema_name LIKE ALL ($3))
              AND ($4::text[] IS NULL OR schema_name NOT LIKE ALL ($4))
              AND ($5::text IS NULL OR schema_name ~ $5)`,
          [
            config.include_system_schemas,
            config.like_any_patterns,
            config.like_all_patterns,
            config.not_like_all_patterns,
            config.regex_pattern,
          ],
        ),
      config.database,
    );
    const arrayOf = (keyword: string, patterns: string[] | null) =>
      `${keyword} (array[${(patterns ?? []).map((pattern) => `'${pattern}'`).join(",")}])`;
    const id = [
      config.database,
      config.include_system_schemas,
      arrayOf("ANY", config.like_any_patterns),
      arrayOf("ALL", config.like_all_patterns),
      arrayOf("ALL", config.not_like_all_patterns),
      config.regex_pattern ?? "",
    ].join("_");
    return { ...config, id, schemas: rows.map(({ name }) => name) };
  },
});
