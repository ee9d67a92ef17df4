/** Differences of two values by path. Members of a list that have names are compared by them, not by their places. */

export interface Difference {
  /** `TaskGroups[web].Tasks[app].Config.image` */
  readonly path: string;
  /** Absent: the member is new. */
  readonly before?: unknown;
  /** Absent: the member is gone. */
  readonly after?: unknown;
}

export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (before === after) return [];
  if (isObject(before) && isObject(after)) return ofMembers(before, after, (key) => join(path, key));
  if (isList(before) && isList(after)) {
    const [old, now] = [byName(before), byName(after)];
    if (old !== undefined && now !== undefined) return ofMembers(old, now, (key) => `${path}[${key}]`);
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    if (before.length === after.length && [...before, ...after].every(isObject))
      return before.flatMap((item, index) => differences(item, after[index], `${path}[${index}]`));
  }
  if (isEmpty(before) && isEmpty(after)) return [];
  return [{ path, ...(isEmpty(before) ? {} : { before }), ...(isEmpty(after) ? {} : { after }) }];
}

function ofMembers(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  pathOf: (key: string) => string,
): Difference[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(before[key], after[key], pathOf(key)));
}

function join(path: string, key: string): string {
  const step = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
  return path === "" ? step : `${path}.${step}`;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nothing, in any of the ways in which APIs write it. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** What the API's lists are told apart by. */
const names = ["Name", "Label", "DestPath", "Destination"] as const;

function byName(list: readonly unknown[]): Record<string, unknown> | undefined {
  const members: Record<string, unknown> = {};
  for (const item of list) {
    if (!isObject(item)) return undefined;
    const name = names.map((key) => item[key]).find((value) => typeof value === "string");
    if (typeof name !== "string" || Object.hasOwn(members, name)) return undefined;
    members[name] = item;
  }
  return members;
}
