/** A service whose job is said whole, as Nomad's API has it. `pgmoor adopt` writes such definitions. */
import type { Job, TaskGroup } from "../nomad/job";
import type { AnyDefinition, EmbeddedSource, ServiceDefinition, Source, SqliteSource } from "./definition";

/** Where the data was: a PostgreSQL in a task of the job's group. */
export interface TaskSource extends Omit<EmbeddedSource, "program" | "volume" | "serverEnvironment"> {
  /** The task of the job that runs the server. It leaves the job in the cutover. */
  readonly task: string;
  /** Where the server has its data, as its task sees it. It is in a volume of the task. */
  readonly data: string;
}

/**
 * A service with a job of its own, which pgmoor keeps as it is. `prepared` with a source changes nothing of it. Later phases
 * change what the database needs: DSN, access to Vault, the migration tasks.
 */
export interface JobDefinition extends AnyDefinition {
  /** The job as it runs, or would run, without pgmoor. Its `ID` is the name of the Nomad job. */
  readonly jobspec: Job;
  /**
   * The tasks that use the database, the app's own first. They get the DSN and the service's access to Vault, which replaces
   * theirs. It may read what their templates read.
   */
  readonly tasks: readonly [app: string, ...others: string[]];
  /**
   * Where the app answers 2xx when it is well: the label of a port of its group or of its task, and a path.
   * In a network namespace of the group (`bridge`, `cni/…`) the port may be a number, as in a service.
   */
  readonly health: { readonly port: string; readonly path: string };
  /**
   * Further paths of Vault's API that the tasks may read, where their templates do not name them in full:
   * `secret/data/authelia/config`. @default what the templates name
   */
  readonly reads?: readonly string[];
  /** Where the data was. Omit it if the service already uses the server: there is nothing to move. */
  readonly source?: SqliteSource | TaskSource;
}

export type Definition = ServiceDefinition | JobDefinition;
export type AnySource = Source | TaskSource;

/** A definition with a job of your own: types help to write it, and it is validated with the environment that has it. */
export function defineJob(definition: JobDefinition): JobDefinition {
  return definition;
}

export function hasJobspec(definition: Definition): definition is JobDefinition {
  return "jobspec" in definition;
}

/** The ID of the service's job in Nomad. */
export function jobId(definition: Definition): string {
  return hasJobspec(definition) ? definition.jobspec.ID : definition.name;
}

/** The namespace of the service's job. @param namespace the environment's */
export function jobNamespace(definition: Definition, namespace: string): string {
  return (hasJobspec(definition) ? definition.jobspec.Namespace : undefined) ?? namespace;
}

/** The name under which Consul knows the service: in somebody's job, that of its service on the port of the app. */
export function consulService(definition: Definition): string {
  if (!hasJobspec(definition)) return definition.name;
  const { jobspec, tasks, health } = definition;
  const group = jobspec.TaskGroups[groupIndex(jobspec, tasks)];
  const services = [
    ...(group?.Services ?? []),
    ...(group?.Tasks ?? []).flatMap(({ Services = [] }) => Services),
  ];
  const found = services.find(
    ({ PortLabel, Provider = "consul", Name = "" }) =>
      PortLabel === health.port && Provider === "consul" && !Name.includes("${"),
  );
  return found?.Name ?? definition.name;
}

/** The place, in its job, of the group that has the service's tasks. -1: none has all of them. */
export function groupIndex({ TaskGroups }: Job, tasks: readonly string[]): number {
  return TaskGroups.findIndex((group) => tasks.every((task) => taskNames(group).includes(task)));
}

/** The name of the group that has the service's tasks. */
export function groupName({ jobspec, tasks }: JobDefinition): string | undefined {
  return jobspec.TaskGroups[groupIndex(jobspec, tasks)]?.Name;
}

export function taskNames({ Tasks }: TaskGroup): string[] {
  return Tasks.map(({ Name }) => Name);
}
