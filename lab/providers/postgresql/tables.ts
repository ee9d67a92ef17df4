import { dataSource } from "../protocol/provider";
import { computed, listOf, objectOf, optional, optionalComputed, required, text } from "../protocol/schema";
import type { PostgresOf } from "./server";

/** A table as `information_schema` has it: one that the admin may do something with. */
type Table = { object_name: string; schema_name: string; table_type: string };
const table = objectOf<Table>({ object_name: text, schema_name: text, table_type: text });

/** The names of a database's tables. */
export const tables = dataSource<PostgresOf>()({
  attributes: {
    id: optionalComputed(text),
    database: required(text),
    schemas: optional(listOf(text)),
    table_types: optional(listOf(text)),
    like_any_patterns: optional(listOf(text)),
    like_all_patterns: optional(listOf(text)),
    not_like_all_patterns: optional(listOf(text)),
    regex_pattern: optional(text),
    tables: computed(listOf(table)),
  },
  async read(config, { client }) {
    const found = await client().use(
      (session) =>
        session.query<Table>(
          `SELECT table_name::text AS object_name, table_schema::text AS schema_name, table_type::text AS table_type
             FROM information_schema.tables
            WHERE ($1::text[] IS NULL OR table_schema = ANY ($1))
              AND ($2::text[] IS NULL OR table_type = ANY ($2))
              AND ($3::text[] IS NULL OR table_name LIKE ANY ($3))
              AND ($4::text[] IS NULL OR table_name LIKE ALL ($4))
              AND ($5::text[] IS NULL OR table_name NOT LIKE ALL ($5))
              AND ($6::text IS NULL OR table_name ~ $6)`,
          [
            config.schemas,
            config.table_types,
            config.like_any_patterns,
            config.like_all_patterns,
            config.not_like_all_patterns,
            config.regex_pattern,
          ],
        ),
      config.database,
    );
    return { ...config, id: `${config.database}_tables`, tables: found };
  },
});
