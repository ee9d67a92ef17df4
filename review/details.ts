/** The changes of a resource, by path, for who wants to look closer. */
import { differences, type Difference } from "./diff";
import { shortPath } from "./restarts";
import type { Action, Change } from "./stack";

export interface DetailLine {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
}

export interface Detail {
  readonly address: string;
  readonly action: Action;
  readonly lines: readonly DetailLine[];
}

export function detailOf(change: Change): Detail | undefined {
  const { address, action, imported, type } = change;
  if (action === "no-op") return imported ? { address, action, lines: [] } : undefined;
  // Of an object that is new only what it allows is worth reading; one that ends is said by its name.
  const worth = action === "update" || action === "replace" || (action === "create" && allows.has(type));
  return { address, action, lines: worth ? change.differences.flatMap(linesOf) : [] };
}

/** Types that let somebody do something. */
const allows: ReadonlySet<string> = new Set([
  "postgresql_grant",
  "vault_jwt_auth_backend_role",
  "vault_policy",
]);

const longest = 160;

function linesOf({ path, before, after }: Difference): DetailLine[] {
  if (path === "jobspec")
    return [
      { sign: " ", text: "jobspec: pgmoor's definition replaces the whole job that was written by hand" },
    ];
  const name = path.replace(/^jobspec\.(.+)$/, (_all, inside: string) => shortPath(inside));
  if (typeof before === "string" && typeof after === "string" && (before + after).includes("\n"))
    return [{ sign: " ", text: `${name}:` }, ...textLines(before, after)];
  // Of a member that is new or gone, each part has its own line.
  const parts = (value: unknown): DetailLine[] =>
    differences(undefined, value, "").length === 0
      ? []
      : leaves(value, name).map((text) => ({ sign: "+", text }));
  const minus = before === undefined ? [] : parts(before).map((line): DetailLine => ({ ...line, sign: "-" }));
  return [...minus, ...(after === undefined ? [] : parts(after))];
}

/** A line for each scalar below; lists of scalars are one. */
function leaves(value: unknown, path: string): string[] {
  if (typeof value === "string" && value.includes("\n"))
    return [
      `${path}:`,
      ...value
        .trimEnd()
        .split("\n")
        .map((line) => `  ${cut(line)}`),
    ];
  if (typeof value !== "object" || value === null) return [`${path}: ${cut(scalar(value, path))}`];
  if ("Driver" in value) return [`${path}: ${cut(taskWords(value))}`];
  const members = Object.entries(value).filter(
    ([key, member]) => !boilerplate.has(key) && member !== nameOf(value),
  );
  if (Array.isArray(value) && value.every((item) => typeof item !== "object"))
    return [`${path}: ${cut(JSON.stringify(value))}`];
  if (members.length === 0) return [path];
  return members.flatMap(([key, member]) => {
    const name = Array.isArray(value) ? nameOf(member) : undefined;
    if (isNothing(member)) return [];
    return leaves(member, Array.isArray(value) ? `${path}[${name ?? key}]` : `${path}.${key}`);
  });
}

/** What says nothing of a template or a volume that is new. */
const boilerplate: ReadonlySet<string> = new Set(["Envvars", "ErrMissingKey", "Perms", "Type"]);

/** A task that is new, or gone: `prestart task, pgmoor/migrator:0.1.0 migrate` */
function taskWords(task: object): string {
  const { Config, Lifecycle } = task as { Config?: Record<string, unknown>; Lifecycle?: { Hook?: string } };
  const { image, command, args } = Config ?? {};
  const program = [image ?? command, ...(Array.isArray(args) ? (args as unknown[]) : [])].join(" ");
  return `${Lifecycle?.Hook === undefined ? "task" : `${Lifecycle.Hook} task`}, ${program}`;
}

function isNothing(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0)
  );
}

function nameOf(member: unknown): string | undefined {
  const { Name, Label, DestPath, Destination } = (member ?? {}) as Record<string, unknown>;
  return [Name, Label, DestPath, Destination].find((name) => typeof name === "string");
}

/** Nomad counts nanoseconds. */
const durations =
  /\.(Interval|Timeout|Delay|MaxDelay|MinHealthyTime|HealthyDeadline|ProgressDeadline|KillTimeout)$/;

function scalar(value: unknown, path: string): string {
  if (typeof value === "number" && durations.test(path) && value % 1e6 === 0) return `${value / 1e9}s`;
  return JSON.stringify(value) ?? "none";
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Line by line, with what is the same left out. */
function textLines(before: string, after: string): DetailLine[] {
  const [old, now] = [before.trimEnd().split("\n"), after.trimEnd().split("\n")];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const [gone, come] = [old.slice(start, old.length - end), now.slice(start, now.length - end)];
  const line =
    (sign: DetailLine["sign"], others: readonly string[]) =>
    (text: string, index: number): DetailLine => ({
      sign,
      text: `  ${cut(fromDifference(text, others[index]))}`,
    });
  return [...gone.map(line("-", come)), ...come.map(line("+", gone))];
}

/** Of a long line only what is near its first difference from the other. */
function fromDifference(text: string, other: string | undefined): string {
  if (other === undefined || text.length <= longest) return text;
  let same = 0;
  while (same < text.length && text[same] === other[same]) same++;
  return same <= 60 ? text : `…${text.slice(same - 40)}`;
}
