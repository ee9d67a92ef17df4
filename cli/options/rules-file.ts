import { z } from "zod";
import { readJson } from "../../migrator/job/config";
import { knownTables } from "../../migrator/copy/migrations";
import type { CopyRules } from "../../migrator/copy/copy-plan";
import { migrationTablesSchema, rulesSchema } from "../../services/rules";
import { fileOf } from "./run-against";

const schema = z.strictObject({
  migrationTables: migrationTablesSchema.default(knownTables),
  rules: rulesSchema.default([]),
});

export const rulesHelp =
  "JSON file with `rules` and `migrationTables`, as in a definition's source. Default: no rules, and the migration tables of well-known tools";

/** What `--rules` declares. @throws Refused naming every field that is wrong */
export function readRules(given: string | undefined): CopyRules {
  return given === undefined ? schema.parse({}) : readJson(schema, "--rules", fileOf(given));
}
