/** What a rehearsal's output says of the move. */
import { z } from "zod";
import type { Printed } from "./rehearse";

const found = z.object({
  pgmoor: z.literal("source"),
  bytes: z.number(),
  major: z.number().optional(),
  free: z.object({ snapshots: z.number(), scratch: z.number() }),
});
const moved = z.object({
  pgmoor: z.literal("migrate"),
  rows: z.number(),
  tables: z.number(),
  roundedFractions: z.number(),
  seconds: z.number(),
});

/** Free space that a move leaves alone, in bytes (`migrator/base/folders.ts`). */
const reserve = 32 << 20;
/** How much of the schema task's output is shown when it failed. */
const schemaLines = 5;

export interface Findings {
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** @param secrets never shown: an app may print what it logs in with */
export function findingsOf(
  { succeeded, stdout, stderr, schema, serverMajor, neverRan }: Printed,
  secrets: readonly string[],
): Findings {
  const source = lineOf(stdout, found);
  const move = lineOf(stdout, moved);
  // `pgmoor: refused, nothing changed: WORDS`: what it left is gone.
  const said = stderr
    .replace(/^pgmoor: [^:]*: /, "")
    .trim()
    .replace(/\s*\n\s*/g, " ");
  const problems = [
    ...neverRan.map((words) => `the rehearsal did not run: ${words}`),
    ...(said === "" ? [] : [`the move would fail: ${said}`]),
    ...(said.includes("the schema task") ? schemaSaid(schema) : []),
    ...(source === undefined ? [] : [...roomProblems(source), ...versionProblems(source, serverMajor)]),
  ];
  if (!succeeded && problems.length === 0)
    problems.push("the rehearsal failed, and its tasks do not say why");
  return {
    problems: problems.map((text) => masked(text, secrets)),
    notes: source === undefined ? [] : [sourceNote(source), ...(move === undefined ? [] : [moveNote(move)])],
  };
}

/** The last line of JSON of its kind. */
function lineOf<T>(output: string, schema: z.ZodType<T>): T | undefined {
  for (const line of output.trim().split("\n").toReversed()) {
    if (!line.startsWith("{")) continue;
    try {
      const { success, data } = schema.safeParse(JSON.parse(line));
      if (success) return data;
    } catch {
      // Not JSON: a line of the migrator's log.
    }
  }
  return undefined;
}

function roomProblems({ bytes, free }: z.infer<typeof found>): string[] {
  const needed = bytes + reserve;
  // A dump of a PostgreSQL goes to the snapshots, and a copy of its data to the scratch folder.
  return [
    ...(free.snapshots < needed
      ? [`the snapshots' volume has ${size(free.snapshots)} free, and the snapshot needs ${size(needed)}`]
      : []),
    ...(free.scratch < needed
      ? [
          `Nomad's folder on the client has ${size(free.scratch)} free, and the scratch copy needs ${size(needed)}`,
        ]
      : []),
  ];
}

function versionProblems({ major = 0 }: z.infer<typeof found>, server: number): string[] {
  if (major <= server) return [];
  return [
    `its source runs PostgreSQL ${major} and the central server ${server}; downgrades are not possible. Upgrade the central server to ${major} or later`,
  ];
}

function sourceNote({ bytes, major }: z.infer<typeof found>): string {
  return major === undefined
    ? `its source has ${size(bytes)}`
    : `its source has ${size(bytes)}, of PostgreSQL ${major}. Its move cannot be rehearsed: the data of a server that runs cannot be copied file by file`;
}

function moveNote({ rows, tables, roundedFractions, seconds }: z.infer<typeof moved>): string {
  const rounded =
    roundedFractions === 0
      ? ""
      : ` (${count(roundedFractions)} fractions of a second are rounded to microseconds)`;
  return `${count(rows)} rows in ${count(tables)} tables fit${rounded}. Copy and proof took ${seconds.toFixed(1)} s: expect the service to be away for about that long, and the time that it takes to stop and start`;
}

function schemaSaid(output: string): string[] {
  const lines = output.trim().split("\n").slice(-schemaLines);
  return lines.join("") === "" ? [] : [`the schema task said: ${lines.join(" | ").slice(0, 600)}`];
}

function masked(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((secret) => secret.length > 3)
    .reduce((masked, secret) => masked.replaceAll(secret, "[password]"), text);
}

const count = (number: number) => number.toLocaleString("en");

function size(bytes: number): string {
  return bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${count(Math.ceil(bytes / (1 << 20)))} MiB`;
}
