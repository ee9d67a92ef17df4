import * as fs from "node:fs";
import { z } from "zod";
import { messageOf, Refused } from "../migrator/errors";
import { knownTables } from "../migrator/migrations";
import type { Declared } from "../migrator/plan";
import { migrationTablesSchema, rulesSchema } from "../services/rules";
import { fileOf } from "./run";

const schema = z.strictObject({
  migrationTables: migrationTablesSchema.default(knownTables),
  rules: rulesSchema.default([]),
});

export const rulesHelp =
  "JSON with `rules` and `migrationTables`, as in a definition's source. Default no rules, and the migration tables of the usual tools";

/** What `--rules` declares. @throws Refused naming every field that is wrong */
export function readDeclared(given: string | undefined): Declared {
  if (given === undefined) return schema.parse({});
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(fileOf(given), "utf8"));
  } catch (error) {
    throw new Refused(`--rules ${given}: not readable as JSON: ${messageOf(error)}`);
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join(".") || "(file)"}: ${issue.message}`);
  throw new Refused(`--rules ${given}:\n${lines.join("\n")}`);
}
