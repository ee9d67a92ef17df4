import { isSettled, moveOf, tasksOf } from "../jobspec";
import { ends, jobAfter, jobBefore, type Change, type Stack } from "../stack";
import { eachChange, type ReviewRule } from "./rule";

/** Types whose end loses nothing but access or a running job: other rules speak of them. */
const withoutData = new Set(["nomad_job", "postgresql_grant", "vault_jwt_auth_backend_role", "vault_policy"]);

const reasons: Readonly<Record<string, string>> = {
  replace_because_tainted: "it is tainted: its creation failed",
  replace_because_cannot_update: "it cannot be updated in place",
  replace_by_request: "a replacement was requested",
  replace_by_triggers: "something it depends on is replaced",
  delete_because_no_resource_config: "it is no longer in the configuration",
};

export function why({ reason = "" }: Change): string {
  const words = reasons[reason];
  return words === undefined ? "" : `: ${words}`;
}

const destroy = eachChange({
  id: "destroy",
  risk: "data-loss",
  look: (change) => {
    if (withoutData.has(change.type) || !ends(change)) return;
    const fate =
      change.action === "delete" ? "would be destroyed" : "would be destroyed and recreated, empty";
    return `${fate}${why(change)}.`;
  },
});

/** Objects that Terraform knew and that are not there any more: it would make empty ones in their place. */
const vanished: ReviewRule = {
  id: "vanished",
  risk: "data-loss",
  find: ({ drift }) =>
    drift
      .filter(({ type, action }) => action === "delete" && !withoutData.has(type))
      .map(({ address }) => ({
        address,
        reason:
          "was deleted outside Terraform: Terraform would create an empty one in its place. Restore it first.",
      })),
};

const rename = eachChange({
  id: "rename",
  risk: "data-loss",
  types: ["postgresql_database", "postgresql_role", "postgresql_extension", "vault_kv_secret_v2"],
  look: (change, stack) => {
    const { action, before, after, address } = change;
    if (action === "update" && before.name !== after.name)
      return `would be renamed from ${String(before.name)} to ${String(after.name)}: clients that use the old name can no longer find it.`;
    const twin = action === "delete" ? sameObject(change, stack) : undefined;
    if (twin !== undefined)
      return `is recreated as ${twin.address}: only its address in Terraform changed. Keep the address, or move the state (terraform state mv ${address} ${twin.address}).`;
    return;
  },
});

/** Another address that makes what this one ends. */
function sameObject({ type, before }: Change, { changes }: Stack): Change | undefined {
  return changes.find(
    (other) => other.type === type && other.action === "create" && other.after.name === before.name,
  );
}

/** What carries `prevent_destroy` in every stack of ours. A job is guarded otherwise: Terraform may not deregister it. */
export const guarded = [
  "postgresql_database",
  "postgresql_extension",
  "postgresql_role",
  "vault_kv_secret_v2",
] as const;

const unguard: ReviewRule = {
  id: "unguard",
  risk: "data-loss",
  find: ({ resources = {} }) => [
    ...guarded.flatMap((type) =>
      Object.entries(resources[type] ?? {})
        .filter(([, { lifecycle }]) => lifecycle?.prevent_destroy !== true)
        .map(([name]) => ({
          address: `${type}.${name}`,
          reason: "no longer has prevent_destroy: a later plan may destroy it.",
        })),
    ),
    ...Object.entries(resources.nomad_job ?? {})
      .filter(([, job]) => job.lifecycle?.prevent_destroy !== true && job.deregister_on_destroy !== false)
      .map(([name]) => ({
        address: `nomad_job.${name}`,
        reason:
          "has neither deregister_on_destroy = false nor prevent_destroy: the next plan may stop the job.",
      })),
  ],
};

/** A volume that a task had and has no more: its app would start on an empty folder. */
const volume = eachChange({
  id: "volume",
  risk: "data-loss",
  types: ["nomad_job"],
  look: (change) => {
    const [before, after] = [jobBefore(change), jobAfter(change)];
    if (before === undefined || after === undefined) return;
    // A volume that holds nothing but the source leaves with it: the definition says so.
    if (moveOf(before) !== undefined && isSettled(after)) return;
    const now = new Map(tasksOf(after).map((task) => [task.Name, mounts(task)]));
    // What runs once the app has started has no data of its own: it looks at the source, or no longer.
    const withData = tasksOf(before).filter(({ Lifecycle }) => Lifecycle?.Hook !== "poststart");
    return withData.flatMap((task) =>
      [...mounts(task)].flatMap(([destination, source]) => {
        const there = now.get(task.Name);
        if (there === undefined || there.get(destination) === source) return [];
        const instead = there.get(destination);
        return [
          `task ${task.Name} would find ${instead === undefined ? "no volume" : `the volume ${instead}`} at ${destination}, in place of ${source}.`,
        ];
      }),
    );
  },
});

function mounts({ VolumeMounts }: ReturnType<typeof tasksOf>[number]): Map<string, string> {
  return new Map((VolumeMounts ?? []).map(({ Destination, Volume }) => [Destination, Volume]));
}

const gone: ReviewRule = {
  id: "remove",
  risk: "data-loss",
  find: ({ service, noPlan }) =>
    noPlan?.reason === "gone"
      ? [
          {
            address: service,
            reason: `is no longer in the environment, but its state still has ${noPlan.resources.length} resources. Put it back with phase "retired", deploy it, and then remove it. If it was renamed, restore the old name.`,
          },
        ]
      : [],
};

export const dataLoss = [destroy, vanished, rename, unguard, volume, gone];
