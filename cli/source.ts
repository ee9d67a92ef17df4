import { Refused } from "../migrator/errors";
import type { Moving } from "../migrator/move";
import { fileOf } from "./run";

export const sourceHelp = "the SQLite file; it is only read, and never opened";

/** The source that `--source` names. */
export function sourceOf(given: string): Moving["source"] {
  if (/^\w+:\/\//.test(given)) throw new Refused("--source: has to be the path of a SQLite file");
  return { kind: "sqlite", file: fileOf(given) };
}
