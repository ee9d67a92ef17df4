/** Where a task of somebody's job has its files: volumes of Nomad's, and what the docker driver mounts itself. */
import { blocksOf, textsOf, type DockerConfig } from "./driver-config";
import type { Task } from "./job";

export interface FoundMount {
  /** A volume of the group, or a folder or volume that docker knows. */
  readonly kind: "volume" | "docker";
  /** With the task's name in the place of `${NOMAD_TASK_NAME}`: it says the same in another task. */
  readonly source: string;
  /** Where the task sees it. */
  readonly path: string;
  readonly readOnly: boolean;
}

export function mountsOf(task: Task): FoundMount[] {
  const volumes = (task.VolumeMounts ?? []).map(({ Volume, Destination, ReadOnly = false }): FoundMount => ({
    kind: "volume",
    source: Volume,
    path: Destination,
    readOnly: ReadOnly,
  }));
  return task.Driver === "docker" || task.Driver === "podman"
    ? [
        ...volumes,
        ...dockerMounts(task.Config).map((mount) => ({ ...mount, source: named(mount.source, task) })),
      ]
    : volumes;
}

/** A folder that has the task's name in it is meant by another task, too. */
function named(source: string, { Name }: Task): string {
  return source.replace(/\$\{\s*NOMAD_TASK_NAME\s*\}/g, Name);
}

/** The one that holds a file: of several, one inside another, the innermost. */
export function mountOf(task: Task, file: string): FoundMount | undefined {
  return mountsOf(task)
    .filter(({ path }) => file === path || file.startsWith(path.endsWith("/") ? path : `${path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** Whether its folder is the allocation's own, which ends with it. */
export function isInAllocation({ kind, source }: FoundMount): boolean {
  if (kind !== "docker") return false;
  const own = /^\.{0,2}\/?(local|alloc|secrets)(\/|$)/.test(source);
  return own || [...source.matchAll(/\$\{([^}]*)\}/g)].some(([, name]) => !lasting.test(name!.trim()));
}

/**
 * What is the same for every allocation of the job on a node: `/srv/${NOMAD_JOB_NAME}` outlives them.
 * Source: https://developer.hashicorp.com/nomad/docs/reference/runtime-environment-settings
 */
const lasting =
  /^(NOMAD_(JOB_NAME|JOB_ID|JOB_PARENT_ID|GROUP_NAME|TASK_NAME|NAMESPACE|REGION|DC|META_\w+)|(node|attr|meta)\..*)$/;

function dockerMounts({ volumes, mount, mounts }: DockerConfig): FoundMount[] {
  const bound = textsOf(volumes).flatMap((text): FoundMount[] => {
    const [, source, path, options = ""] = /^((?:\$\{[^}]*\}|[^:])+):([^:]+)(?::(.*))?$/.exec(text) ?? [];
    if (source === undefined || path === undefined) return [];
    return [{ kind: "docker", source, path: trimmed(path), readOnly: options.split(",").includes("ro") }];
  });
  const listed = blocksOf([mount, mounts]).flatMap(({ type, source, target, readonly }): FoundMount[] =>
    typeof source !== "string" || typeof target !== "string" || type === "tmpfs"
      ? []
      : [{ kind: "docker", source, path: trimmed(target), readOnly: String(readonly) === "true" }],
  );
  return [...bound, ...listed];
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
