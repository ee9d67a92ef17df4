/** What becomes of a job that somebody wrote when pgmoor deploys it: what changes, and what is lost. In words, without secrets. */
import { dsnVariables } from "../nomad/dsn";
import { variablesIn } from "../nomad/env-template";
import { mountOf } from "../nomad/mounts";
import { placeOf, type JobChange } from "../nomad/plan-changes";
import { hasJobspec, type Definition } from "./job-definition";
import { ownTasks } from "./job-problems";
import { servicesOfServer } from "./server-services";

export interface ToldChanges {
  /** `group web, task app: Config, image, from "x:latest" to "x:1.2"`. */
  readonly changes: readonly string[];
  /** What the running job has and the new one has not, and pgmoor has no need to take. */
  readonly loses: readonly string[];
}

export function tell(definition: Definition, all: readonly JobChange[]): ToldChanges {
  const names = databaseVariables(definition);
  const others = all.filter((change) => !isOurs(definition, names, change));
  const lost = (change: JobChange) => change.kind === "gone" && !isSaidElsewhere(definition, change);
  return {
    changes: others.filter((change) => !lost(change)).map(words),
    loses: others.filter(lost).map(words),
  };
}

/** A variable of the job's that one of the task's templates sets: it has gone to Vault. */
function isSaidElsewhere(definition: Definition, { path, field = "" }: JobChange): boolean {
  const variable = /^Env\[(.*)\]$/.exec(field)?.[1];
  const name = path.find((step) => step.startsWith("task "))?.slice("task ".length);
  if (variable === undefined || !hasJobspec(definition)) return false;
  const task = definition.jobspec.TaskGroups.flatMap(({ Tasks }) => Tasks).find(({ Name }) => Name === name);
  return (task?.Templates ?? []).some(
    ({ Envvars, EmbeddedTmpl = "" }) =>
      Envvars === true && variablesIn(EmbeddedTmpl).some(([one]) => one === variable),
  );
}

/** Likewise, of the central server's job: everything is told but pgmoor's own mark and its access to Vault. */
export function tellServer(all: readonly JobChange[]): ToldChanges {
  const others = all.filter(
    ({ path, field = "" }) =>
      !/^Meta\[pgmoor_/.test(field) && !/^(Vault|Identity|Constraint)\b/.test(path.at(-1) ?? ""),
  );
  return {
    changes: others.filter(({ kind }) => kind !== "gone").map(words),
    loses: others.filter(({ kind }) => kind === "gone").map(words),
  };
}

/** The variables of an app that are pgmoor's to set or to take. */
function databaseVariables(definition: Definition): ReadonlySet<string> {
  const { dsn, source } = definition;
  const secrets = hasJobspec(definition) ? [] : (definition.secrets ?? []);
  return new Set([
    ...dsnVariables(dsn),
    ...Object.keys(source?.environment ?? {}),
    ...secrets.map(({ variable }) => variable),
    ...(source !== undefined && "password" in source ? [source.password.app] : []),
  ]);
}

/** Whether a change is one that the database needs. */
function isOurs(definition: Definition, names: ReadonlySet<string>, change: JobChange): boolean {
  const { path, field = "", kind, before, after } = change;
  const { source } = definition;
  if (/^Meta\[pgmoor_/.test(field)) return true;
  const task = path.find((step) => step.startsWith("task "))?.slice("task ".length);
  if (task !== undefined && ownTasks.has(task)) return true;
  if (source?.kind === "postgres" && task === ("task" in source ? source.task : "postgres")) return true;
  const service = path.find((step) => step.startsWith("Service "))?.slice("Service ".length);
  if (task === undefined && service !== undefined && serverServices(definition).has(service)) return true;
  const inside = path.at(-1) ?? "";
  const of = (name: string) => inside === name || inside.startsWith(`${name} `);
  if (of("Vault") || of("Update")) return true;
  if (of("Identity") && /_default$/.test(inside)) return true;
  // What Nomad adds for tasks that use Vault.
  if (of("Constraint") && /\$\{attr\.(vault|consul|nomad)[\w.]*\.version\}/.test(inside)) return true;
  if (of("Volume") && (kind === "new" || inside === `Volume ${sourceVolume(definition)}`)) return true;
  if (/ pgmoor_schema$/.test(inside)) return true;
  // The port for the schema, in a group that had no network.
  if (inside === "Network" && kind === "new" && task === undefined) {
    const labels = [...after].filter(([name]) => /\bLabel$/.test(name)).map(([, label]) => label);
    return labels.join() === "pgmoor_schema";
  }
  if (of("Template") && /(secrets\/database\.env|pgmoor-tls\/ca\.pem)$/.test(inside)) return true;
  const variable = /^Env\[(.*)\]$/.exec(field)?.[1];
  if (variable !== undefined) return names.has(variable);
  if (!of("Template")) return false;
  // An env file whose variables of the database go: all of it, or these lines of it.
  const [old, now] = [before, after].map((values) => values.get("EmbeddedTmpl") ?? values.get("") ?? "");
  const left = new Set(variablesIn(now!).map(([name]) => name));
  const gone = variablesIn(old!).filter(([name]) => !left.has(name));
  return (
    gone.length > 0 &&
    gone.every(([name]) => names.has(name)) &&
    (kind === "gone" || field === "EmbeddedTmpl")
  );
}

/** The names of the services of a PostgreSQL in a task of the group: they leave with the task. */
function serverServices(definition: Definition): ReadonlySet<string> {
  if (!hasJobspec(definition) || definition.source?.kind !== "postgres") return new Set();
  const { task } = definition.source;
  const group = definition.jobspec.TaskGroups.find(({ Tasks }) => Tasks.some(({ Name }) => Name === task));
  const services = group === undefined ? [] : [...servicesOfServer(group, task)];
  return new Set(services.flatMap(({ Name }) => (Name === undefined ? [] : [Name])));
}

/** The volume of a PostgreSQL in a task of the group: it leaves with the task. */
function sourceVolume(definition: Definition): string | undefined {
  if (!hasJobspec(definition) || definition.source?.kind !== "postgres") return undefined;
  const { task, data } = definition.source;
  const tasks = definition.jobspec.TaskGroups.flatMap(({ Tasks }) => Tasks);
  const server = tasks.find(({ Name }) => Name === task);
  return server && mountOf(server, data)?.source;
}

/** Fields whose values are no secret of anybody's. */
const open =
  /^(Count|Type|Priority|CPU|Cores|MemoryMB|MemoryMaxMB|DiskMB|Value|To|Label|HostNetwork|Mode|Driver|User|image|network_mode|Destination|Source|ReadOnly|Volume|PortLabel|Provider|Path|Interval|Timeout|Attempts|Delay|Datacenters|NodePool|Region|Hook|Sidecar|DestPath|Perms|KillTimeout|KillSignal|ports\[\d+\])$/;

/** A change in words. Names alone, but for fields that hold no secrets: somebody may have typed one into a job. */
export function words(change: JobChange): string {
  const { field, kind, before, after } = change;
  const place = placeOf(change);
  if (kind !== "changed" || field === undefined || !open.test(field.split(", ").at(-1)!)) return place;
  return `${place}, from ${JSON.stringify(before.get(""))} to ${JSON.stringify(after.get(""))}`;
}
