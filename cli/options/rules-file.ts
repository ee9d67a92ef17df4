import { z } from "zod";
import { readJson } from "../../migrator/job/config";
import { knownTables } from "../../migrator/copy/migrations";
import type { CopyRules } from "../../migrator/copy/copy-plan";
import { migrationTablesSchema, rulesSchema } from "../../services/rules";
import { fileOf } from "./terminal";

const schema = z.strictObject({
  migrationTables: migrationTablesSchema.default(knownTables),
  rules: rulesSchema.default([]),
});

/** What `--rules` declares. @throws Refused naming every field that is wrong */
export function readRules(given: string | undefined): CopyRules {
  return given === undefined ? schema.parse({}) : readJson(schema, "--rules", fileOf(given));
}
