/** What pgmoor has to know of the app of a job to lay its own tasks around it, whichever way the definition says the job. */
import type { AnyTask, DriverAndConfig, Job, Resources, Template, VolumeMount } from "../../nomad/job";
import type { Expression } from "../../nomad/template";
import type { Run } from "./run";

export interface App {
  /** The job without the tasks that carry data. Its app has the DSN where the mode has it on the server. */
  readonly job: Job;
  /** The place in the job of the service's group. */
  readonly group: number;
  /** Where the app answers 2xx when it is well: address and port, and a path. */
  readonly health: { readonly address: Expression; readonly path: string };
  /** Whether the group has a network namespace of its own: its tasks share a loopback, which is not the host's. */
  readonly bridged: boolean;
  /** Whether `job` is exactly what a definition has as its jobspec. */
  readonly untouched: boolean;
  /** The app's program, run otherwise, as it would be on the server but for its data. */
  readonly schema: (run: Run) => Runnable;
  /** The program of the service's own PostgreSQL, run otherwise, without its data. */
  readonly server: (run: Run) => Runnable;
  /** Mounts the folder that holds the source. @param path where, @param access whether the task may write to it */
  readonly mountSource: (path: string, access: "to read" | "to write") => Mounted;
  /** What a source's path becomes where `mountSource` has its folder at `path`. */
  readonly seenAt: (path: string, file: string) => string;
}

/** What a task runs, and with what. */
export interface Runnable {
  readonly program: DriverAndConfig & Pick<AnyTask, "User" | "KillSignal">;
  readonly environment: Readonly<Record<string, string>>;
  /** Templates that the DSN's may overrule, and the others. */
  readonly before: readonly Template[];
  readonly after: readonly Template[];
  readonly mounts: readonly VolumeMount[];
  readonly resources: Resources;
  readonly artifacts?: AnyTask["Artifacts"];
}

/** A mount of Nomad's, or one that the docker driver makes itself. */
export interface Mounted {
  readonly mounts: readonly VolumeMount[];
  readonly binds: readonly string[];
}
