/** The app's own tasks, on its source or on the server. */
import { caFile, dsnFile } from "../../nomad/dsn";
import { Duration } from "../../nomad/duration";
import type { Task } from "../../nomad/job";
import type { Companion, SecretVariable, Source } from "../../services/definition";
import { embeddedServerTask } from "./embedded-server";
import { programMounts, programOf, resourcesOf, secretsFile, vaultOf } from "./parts";
import { appSourceOf, type Mode, type ServiceJobProps } from "./props";

/** Time for an app to end in order: what it has in memory belongs to its data. */
const killTimeout = Duration.seconds(30).nanoseconds;

export function appTasks(props: ServiceJobProps, mode: Mode): Task[] {
  const { definition } = props;
  const { name, program, resources, companions = [] } = definition;
  const source = appSourceOf(mode);
  const embedded = source?.kind === "postgres" ? [source] : [];
  return [
    ...embedded.map((one) => embeddedServerTask(props, one)),
    appTask(props, mode, { name, program, resources }),
    ...companions.map((companion) => appTask(props, mode, companion)),
  ];
}

function appTask(props: ServiceJobProps, mode: Mode, task: Companion): Task {
  const { definition, connection, phase } = props;
  const onSource = appSourceOf(mode);
  const volumes = (definition.volumes ?? []).filter((volume) => phase !== "settled" || !volume.leaves);
  const templates = [
    ...(onSource === undefined
      ? [dsnFile(definition.dsn, connection, "restart"), ...caFile(connection)]
      : []),
    ...secretsFile(props, [...(definition.secrets ?? []), ...passwordOf(onSource)], "restart"),
  ];
  return {
    Name: task.name,
    ...programOf(task.program, task.name === definition.name ? { ports: true } : {}),
    Env: { ...definition.environment, ...task.environment, ...onSource?.environment },
    ...(onSource === undefined ? passwordMeta(props) : {}),
    KillTimeout: killTimeout,
    ...(templates.length === 0 ? {} : { Vault: vaultOf(props) }),
    Templates: templates,
    VolumeMounts: [...volumes.map((volume) => volume.toApi()), ...programMounts(task.program)],
    Resources: resourcesOf(task.resources),
  };
}

/**
 * What restarts the tasks when the password has changed. Nomad asks Vault for a changed secret about every five minutes, and
 * until then every new connection would be refused. The first password is there before the job: it needs no restart.
 */
function passwordMeta({ passwordVersion }: ServiceJobProps): Pick<Task, "Meta"> {
  return passwordVersion > 1 ? { Meta: { pgmoor_password_version: String(passwordVersion) } } : {};
}

/** The app's password for the server beside it. */
function passwordOf(source: Source | undefined): SecretVariable[] {
  if (source?.kind !== "postgres") return [];
  const { app, secret, field } = source.password;
  return [{ variable: app, secret, field }];
}
