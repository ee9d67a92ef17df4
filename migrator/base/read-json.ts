import * as fs from "node:fs";
import type { z } from "zod";
import { messageOf, Refused } from "./errors";

/**
 * Reads and checks a file of JSON.
 * @param option by which it was given.
 * @throws Refused naming every field that is wrong.
 */
export function readJson<S extends z.ZodType>(schema: S, option: string, file: string): z.output<S> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Refused(`${option} ${file}: cannot be read as JSON: ${messageOf(error)}`);
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join(".") || "(file)"}: ${issue.message}`);
  throw new Refused(`${option} ${file}:\n${lines.join("\n")}`);
}
