import { z } from "zod";
import { readJson } from "../../migrator/base/read-json";
import { knownTables } from "../../migrator/copy/migrations";
import type { CopyRules } from "../../migrator/copy/copy-plan";
import { migrationTablesSchema, rulesSchema } from "../../services/rules";
import { sqliteDefinition } from "./definition";
import { fileOf } from "./terminal";

const schema = z.strictObject({
  migrationTables: migrationTablesSchema.default(knownTables),
  rules: rulesSchema.default([]),
});

/** What says how a SQLite file is copied: a file, or a service's definition. */
export interface RulesOptions {
  readonly rules?: string;
  readonly service?: string;
}

/**
 * What `--rules` or the definition of `--service` declares.
 * @throws Refused naming every field that is wrong
 */
export function rulesOf({ rules, service }: RulesOptions): CopyRules {
  if (rules !== undefined) return readJson(schema, "--rules", fileOf(rules));
  if (service === undefined) return schema.parse({});
  const { migrationTables, rules: declared } = sqliteDefinition(service);
  return schema.parse({ migrationTables, rules: declared });
}
