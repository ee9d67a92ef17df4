/**
 * What Nomad's own comparison of two jobs says: `Diff` of `POST /v1/job/JOB/plan`, where `Old` is what runs.
 * Source: `nomad/structs/diff.go` of Nomad 1.11.2. Members of sets, such as ports and templates, are not edited there: the old
 * one is deleted, and the new one added.
 */

interface FieldDiff {
  readonly Type: string;
  readonly Name: string;
  readonly Old?: string;
  readonly New?: string;
}
export interface ObjectDiff {
  readonly Type: string;
  readonly Name?: string;
  readonly Fields?: readonly FieldDiff[] | null;
  readonly Objects?: readonly ObjectDiff[] | null;
  /** Of a job, and of a group. */
  readonly TaskGroups?: readonly ObjectDiff[] | null;
  readonly Tasks?: readonly ObjectDiff[] | null;
}

export interface JobChange {
  /** Where in the job: `["group web", "task app", "Config"]`. */
  readonly path: readonly string[];
  /** `image`, `Env[TZ]`; absent: all of it. */
  readonly field?: string;
  readonly kind: "gone" | "new" | "changed";
  /** Everything that was there, of something that is gone; everything that is there, of something new. */
  readonly before: Values;
  readonly after: Values;
}

/** Values by their path inside. A field's own has no path. */
export type Values = ReadonlyMap<string, string>;

export function planChanges(diff: ObjectDiff | null | undefined): JobChange[] {
  return diff == null ? [] : ofObject(diff, []);
}

function ofObject({ Fields, Objects, TaskGroups, Tasks }: ObjectDiff, path: readonly string[]): JobChange[] {
  return [
    ...(Fields ?? []).flatMap(({ Name, Old = "", New = "" }) => ofField(path, Name, Old, New)),
    ...ofMembers(Objects ?? [], path, ({ Name = "" }) => Name),
    ...ofMembers(TaskGroups ?? [], path, ({ Name = "" }) => `group ${Name}`),
    ...ofMembers(Tasks ?? [], path, ({ Name = "" }) => `task ${Name}`),
  ];
}

function ofField(path: readonly string[], field: string, old: string, now: string): JobChange[] {
  if (old === now) return [];
  const kind = now === "" ? "gone" : old === "" ? "new" : "changed";
  return [{ path, field, kind, before: new Map([["", old]]), after: new Map([["", now]]) }];
}

function ofMembers(
  members: readonly ObjectDiff[],
  path: readonly string[],
  nameOf: (member: ObjectDiff) => string,
): JobChange[] {
  // Where one is taken for the other, they are not of a kind: another file, another port.
  const apart = members.flatMap((member) => (isOther(member) ? sides(member) : member));
  const added = apart.filter(({ Type }) => Type === "Added");
  return apart
    .flatMap((member): JobChange[] => {
      if (member.Type === "Added") return [];
      if (member.Type !== "Deleted") return ofObject(member, [...path, named(member, "Old", nameOf)]);
      const twin = twinOf(member, added, apart);
      if (twin !== undefined) {
        added.splice(added.indexOf(twin), 1);
        return ofTwins(valuesOf(member, "Old"), valuesOf(twin, "New"), [
          ...path,
          named(member, "Old", nameOf),
        ]);
      }
      const before = valuesOf(member, "Old");
      return [{ path: [...path, named(member, "Old", nameOf)], kind: "gone", before, after: new Map() }];
    })
    .concat(
      added.map((member) => ({
        path: [...path, named(member, "New", nameOf)],
        kind: "new" as const,
        before: new Map<string, string>(),
        after: valuesOf(member, "New"),
      })),
    );
}

/** What tells members of a set apart. */
const identities = [
  "DestPath",
  "Label",
  "Destination",
  "Name",
  "Source",
  "GetterSource",
  "LTarget",
  "Attribute",
];

function isOther(member: ObjectDiff): boolean {
  const [old, now] = [identityOf(member, "Old"), identityOf(member, "New")];
  return member.Type === "Edited" && old !== undefined && now !== undefined && old !== now;
}

function sides(member: ObjectDiff): ObjectDiff[] {
  return (["Deleted", "Added"] as const).map((Type) => oneSide(member, Type));
}

function oneSide({ Name, Fields, Objects }: ObjectDiff, Type: "Deleted" | "Added"): ObjectDiff {
  const side = Type === "Deleted" ? "Old" : "New";
  return {
    Type,
    ...(Name === undefined ? {} : { Name }),
    Fields: (Fields ?? [])
      .filter((field) => (field[side] ?? "") !== "")
      .map((field) => ({ Type, Name: field.Name, [side]: field[side]! })),
    Objects: (Objects ?? [])
      .filter((inside) => inside.Type === "Edited" || inside.Type === Type)
      .map((inside) => oneSide(inside, Type)),
  };
}

function identityOf(member: ObjectDiff, side: "Old" | "New"): string | undefined {
  const fields = new Map((member.Fields ?? []).map((field) => [field.Name, field[side] ?? ""]));
  return identities.map((name) => fields.get(name)).find((value) => value !== undefined && value !== "");
}

/** The added member that the deleted one has become: the one of its identity, or the only one of its kind. */
function twinOf(
  gone: ObjectDiff,
  added: readonly ObjectDiff[],
  all: readonly ObjectDiff[],
): ObjectDiff | undefined {
  const kin = added.filter(({ Name }) => Name === gone.Name);
  const identity = identityOf(gone, "Old");
  const same = kin.find((member) => identity !== undefined && identityOf(member, "New") === identity);
  if (same !== undefined) return same;
  const alone = all.filter(({ Name, Type }) => Name === gone.Name && Type === "Deleted").length === 1;
  return identity === undefined && alone && kin.length === 1 ? kin[0] : undefined;
}

function ofTwins(before: Values, after: Values, path: readonly string[]): JobChange[] {
  const [old, now] = [byMember(before), byMember(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((member): JobChange[] => {
    const [was, is] = [
      old.get(member) ?? new Map<string, string>(),
      now.get(member) ?? new Map<string, string>(),
    ];
    const at = member === "" ? path : [...path, member];
    // All of it is one change.
    if (was.size === 0 || is.size === 0)
      return [{ path: at, kind: is.size === 0 ? "gone" : "new", before: was, after: is }];
    return [...new Set([...was.keys(), ...is.keys()])].flatMap((field) =>
      ofField(at, field, was.get(field) ?? "", is.get(field) ?? ""),
    );
  });
}

/** The values of each member inside, and of none (`""`). */
function byMember(values: Values): Map<string, Map<string, string>> {
  const members = new Map<string, Map<string, string>>();
  for (const [path, value] of values) {
    const end = path.lastIndexOf(", ");
    const member = end < 0 ? "" : path.slice(0, end);
    members.set(
      member,
      (members.get(member) ?? new Map<string, string>()).set(path.slice(end < 0 ? 0 : end + 2), value),
    );
  }
  return members;
}

/** Every value inside, by its path. Members of a set are told apart by their identity. */
function valuesOf(member: ObjectDiff, side: "Old" | "New"): Map<string, string> {
  const { Fields, Objects, Tasks } = member;
  const values = new Map((Fields ?? []).map((field) => [field.Name, field[side] ?? ""]));
  for (const inside of [...(Objects ?? []), ...(Tasks ?? [])])
    for (const [name, value] of valuesOf(inside, side))
      values.set(`${named(inside, side, ({ Name = "" }) => Name)}, ${name}`, value);
  return values;
}

function named(member: ObjectDiff, side: "Old" | "New", nameOf: (member: ObjectDiff) => string): string {
  const name = nameOf(member);
  // A group's or a task's own name says which it is.
  const identity = /^(group|task) /.test(name) ? undefined : identityOf(member, side);
  return identity === undefined ? name : `${name} ${identity}`;
}

/** `group web, task app, Config, image`. */
export function placeOf({ path, field }: Pick<JobChange, "path" | "field">): string {
  return [...path, ...(field === undefined ? [] : [field])].join(", ");
}
