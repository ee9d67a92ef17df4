/** What changes in somebody's job when its app runs on the server. */
import { caFile, dsnFile, dsnVariables } from "../../../nomad/dsn";
import { withoutVariables } from "../../../nomad/env-template";
import type { Task, TaskGroup, Template } from "../../../nomad/job";
import type { JobDefinition, TaskSource } from "../../../services/job-definition";
import { servicesOfServer } from "../../../services/server-services";
import { passwordMeta, vaultOf } from "../parts";
import type { ServiceJobProps } from "../props";

type JobProps = ServiceJobProps & { readonly definition: JobDefinition };

/** The task with the DSN of the server, and without what told it of another database. */
export function onServer(props: JobProps, task: Task): Task {
  const { definition, connection } = props;
  const meta = { ...task.Meta, ...passwordMeta(props).Meta };
  return {
    ...withoutDatabase(definition, task),
    ...(Object.keys(meta).length === 0 ? {} : { Meta: meta }),
    Vault: vaultFor(props, task),
    Templates: [
      ...templatesWithoutDatabase(definition, task),
      // The last: what is rendered later overrules what came before.
      dsnFile(definition.dsn, connection, "restart"),
      ...caFile(connection),
    ],
  };
}

/** The task without the variables that told it of a database. */
export function withoutDatabase(definition: JobDefinition, task: Task): Task {
  const names = databaseVariables(definition);
  const Env = Object.fromEntries(Object.entries(task.Env ?? {}).filter(([name]) => !names.has(name)));
  return { ...task, Env };
}

export function templatesWithoutDatabase(definition: JobDefinition, { Templates = [] }: Task): Template[] {
  const names = databaseVariables(definition);
  return Templates.flatMap((template) => withoutVariables(template, names) ?? []);
}

function databaseVariables({ dsn, source }: JobDefinition): ReadonlySet<string> {
  const ofPassword = source !== undefined && "password" in source ? [source.password.app] : [];
  return new Set([...dsnVariables(dsn), ...Object.keys(source?.environment ?? {}), ...ofPassword]);
}

/** A task that has its token keeps what it sees of it. The role is the service's own. */
function vaultFor(props: JobProps, { Vault }: Task): Task["Vault"] {
  if (Vault === undefined) return vaultOf(props);
  const { Policies: _, ...kept } = Vault;
  return { ...kept, Role: props.vaultRole };
}

/** The group without the task of its own PostgreSQL, and without what only that has. */
export function withoutServer(group: TaskGroup, { task: name }: TaskSource): TaskGroup {
  const gone = servicesOfServer(group, name);
  return {
    ...group,
    ...(group.Services === undefined
      ? {}
      : { Services: group.Services.filter((service) => !gone.has(service)) }),
    Tasks: group.Tasks.filter(({ Name }) => Name !== name),
  };
}
