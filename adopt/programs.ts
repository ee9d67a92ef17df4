/** What the tasks of somebody's job run. */
import { basename } from "node:path/posix";
import { textsOf } from "../nomad/driver-config";
import type { Task } from "../nomad/job";
import { isPostgres } from "./apps";

export function imageOf(task: Task): string | undefined {
  return task.Driver === "docker" || task.Driver === "podman" ? textsOf(task.Config?.image)[0] : undefined;
}

/** What a task runs: its image, or the names of its program and of the files that it is given. */
export function programsOf(task: Task): string[] {
  const image = imageOf(task);
  if (image !== undefined) return [image];
  const { command, args } = (task.Config ?? {}) as { command?: unknown; args?: unknown };
  return textsOf([command, args])
    .filter((word) => word.includes("/"))
    .map((word) => basename(word).replace(/\.\w+$/, ""));
}

export function isPostgresTask(task: Task): boolean {
  return programsOf(task).some(isPostgres);
}

/** The name of a task's server, if it is one of a database that is no PostgreSQL. */
export function otherServer(task: Task): string | undefined {
  return /(^|\/)(mariadb|mysql|percona)\b/.exec(imageOf(task) ?? "")?.[2];
}
