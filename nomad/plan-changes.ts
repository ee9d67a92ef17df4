/**
 * What Nomad's own comparison of two jobs says, field by field: `Diff` of `POST /v1/job/JOB/plan`.
 * Source: `nomad/structs/diff.go` of Nomad 1.11.2. It says of maps and driver options what changes in them, by their path.
 */

interface FieldDiff {
  readonly Type: string;
  readonly Name: string;
  readonly Old?: string;
  readonly New?: string;
}
interface ObjectDiff {
  readonly Type: string;
  readonly Name?: string;
  readonly Fields?: readonly FieldDiff[] | null;
  readonly Objects?: readonly ObjectDiff[] | null;
}
export interface TaskDiff extends ObjectDiff {
  readonly Name: string;
}
export interface GroupDiff extends ObjectDiff {
  readonly Name: string;
  readonly Tasks?: readonly TaskDiff[] | null;
}
export interface JobDiff extends ObjectDiff {
  readonly TaskGroups?: readonly GroupDiff[] | null;
}

export interface JobChange {
  /** What it is: `group web, task app, Config image`. */
  readonly where: string;
  readonly kind: "gone" | "new" | "changed";
  readonly before: string;
  readonly after: string;
}

export function planChanges(diff: JobDiff | null | undefined): JobChange[] {
  if (diff == null) return [];
  return [
    ...ofObject(diff, []),
    ...(diff.TaskGroups ?? []).flatMap((group) => [
      ...ofObject(group, [`group ${group.Name}`]),
      ...(group.Tasks ?? []).flatMap((task) =>
        wholly(task)
          ? [
              {
                where: `group ${group.Name}, task ${task.Name}`,
                kind: kinds[task.Type]!,
                before: "",
                after: "",
              },
            ]
          : ofObject(task, [`group ${group.Name}`, `task ${task.Name}`]),
      ),
    ]),
  ];
}

const kinds: Readonly<Record<string, JobChange["kind"]>> = {
  Added: "new",
  Deleted: "gone",
  Edited: "changed",
};

/** A task that is there on one side only is one change, not one for each of its fields. */
function wholly({ Type }: ObjectDiff): boolean {
  return Type === "Added" || Type === "Deleted";
}

function ofObject({ Fields, Objects }: ObjectDiff, path: readonly string[]): JobChange[] {
  const fields = (Fields ?? []).flatMap(({ Type, Name, Old = "", New = "" }): JobChange[] => {
    const kind = kinds[Type];
    if (kind === undefined || Old === New) return [];
    return [{ where: [...path, Name].join(", "), kind, before: Old, after: New }];
  });
  const inside = (Objects ?? []).flatMap((one) => ofObject(one, [...path, one.Name ?? ""]));
  return [...fields, ...inside];
}
