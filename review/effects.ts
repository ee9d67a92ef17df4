/** What happens to a service, in its operator's words. */
import { ownStacks } from "../environments/model/own-stacks";
import { isEmpty } from "./diff";
import { isSettled, moveOf, readsSecret, rollbackOf, tasksOf, type Jobspec } from "./jobspec";
import { changesPasswordOnly, putsBackOnly, restartPaths, rotationRestarts } from "./restarts";
import { ends, jobAfter, jobBefore, staysInNomad, type Change, type Stack } from "./stack";
import { count, listed, minutes } from "./words";

/** A phrase each; none: nothing happens. */
export function effectsOf(stack: Stack): string[] {
  if (stack.noPlan?.reason === "gone")
    return ["is no longer in the environment, but its state still has resources"];
  if (stack.noPlan?.reason === "failed") return ["cannot be planned"];
  const changes = stack.changes.filter((change) => change.action !== "no-op" || change.imported);
  return [
    ...forgotten(changes),
    ...ended(changes),
    ...made(changes),
    ...imported(changes),
    ...rotated(stack),
    ...changes.filter(({ action }) => action === "update").flatMap((change) => updated(change, stack)),
    ...(stack.errored ? ["the plan ended with an error"] : []),
  ];
}

/** In the order in which they are told. */
const nouns: Readonly<Record<string, string>> = {
  postgresql_database: "database",
  postgresql_role: "role",
  vault_kv_secret_v2: "secret",
  postgresql_extension: "extension",
  postgresql_grant: "grant",
  vault_policy: "policy",
  vault_jwt_auth_backend_role: "JWT role",
  nomad_job: "job",
};
const order = Object.keys(nouns);

/** `role, database, extension pg_trgm` */
function things(changes: readonly Change[]): string {
  return listed(
    changes
      .toSorted((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
      .map(({ type, address, before, after }) => {
        const noun = nouns[type];
        if (noun === undefined) return address;
        const name = after.name ?? before.name;
        return type === "postgresql_extension" ? `${noun} ${String(name)}` : noun;
      }),
    8,
  );
}

function forgotten(changes: readonly Change[]): string[] {
  const all = changes.filter(({ action }) => action === "forget");
  if (all.length === 0) return [];
  return [`Terraform forgets ${count(all.length, "resource")}, nothing is destroyed`];
}

function ended(changes: readonly Change[]): string[] {
  const kept = changes.filter((change) => staysInNomad(change));
  const others = changes.filter((change) => !staysInNomad(change));
  const destroyed = others.filter(({ action }) => action === "delete");
  const replaced = others.filter(({ action }) => action === "replace");
  return [
    ...(destroyed.length > 0 ? [`destroys ${things(destroyed)}`] : []),
    ...(replaced.length > 0 ? [`destroys and recreates ${things(replaced)}`] : []),
    ...kept
      .filter(ends)
      .map(({ action }) => (action === "replace" ? "registers the job again" : "leaves the job to Nomad")),
  ];
}

/** What every service has, besides its job. */
const belongings: ReadonlySet<string> = new Set(
  order.filter((type) => type !== "nomad_job" && type !== "postgresql_extension"),
);

function made(changes: readonly Change[]): string[] {
  const all = changes.filter(({ action }) => action === "create");
  if (all.length === 0) return [];
  const types = new Set(all.map(({ type }) => type));
  if (!types.has("postgresql_database") || !types.has("postgresql_role")) return [`gets ${things(all)}`];
  const besides = all.filter(({ type }) => !belongings.has(type));
  return ["gets its own database", ...(besides.length > 0 ? [`gets ${things(besides)}`] : [])];
}

function imported(changes: readonly Change[]): string[] {
  const all = changes.filter((change) => change.imported);
  return all.length === 0 ? [] : [`${things(all)} imported`];
}

function rotated({ changes }: Stack): string[] {
  const versions = ["data_json_wo_version", "password_wo_version"] as const;
  const rotates = changes.some(
    ({ action, before, after }) =>
      action === "update" &&
      versions.some((version) => after[version] != null && before[version] !== after[version]),
  );
  if (!rotates) return [];
  const restarts = changes.some(
    (job) =>
      job.type === "nomad_job" &&
      (changesPasswordOnly(job) || (job.action === "no-op" && rotationRestarts(job, changes))),
  );
  return [restarts ? "password rotates, job restarts" : "password rotates"];
}

/** Attributes that a phrase of its own speaks of. */
const spokenOf = new Set(["data_json_wo_version", "password_wo_version", "jobspec", "timeouts"]);

function updated(change: Change, stack: Stack): string[] {
  const noun = nouns[change.type] ?? change.address;
  if (change.type === "nomad_job") return [...jobChanged(change, stack)];
  if (change.differences.length === 0) return [`${noun} is rewritten unchanged`];
  const { before, after } = change;
  const names = [...new Set(change.differences.map(({ path }) => /^[\w-]+/.exec(path)?.[0] ?? path))];
  const phrases: string[] = [];
  const others: string[] = [];
  for (const name of names.filter((one) => !spokenOf.has(one))) {
    const [was, is] = [before[name], after[name]];
    if (name === "connection_limit") phrases.push(`limit ${limit(was)} → ${limit(is)}`);
    else if (name === "name") phrases.push(`${noun} ${shown(was)} renamed to ${shown(is)}`);
    else if (name === "policy") phrases.push("policy changes");
    else
      others.push(
        typeof is === "object" || typeof was === "object" ? name : `${name} ${shown(was)} → ${shown(is)}`,
      );
  }
  return others.length === 0 ? phrases : [...phrases, `${noun} changes: ${others.join(", ")}`];
}

function limit(value: unknown): string {
  return value === -1 ? "none" : shown(value);
}

function shown(value: unknown): string {
  return isEmpty(value) ? "none" : String(value);
}

function* jobChanged(change: Change, { changes, service, putsBack = [] }: Stack): Generator<string> {
  const [before, after] = [jobBefore(change), jobAfter(change)];
  if (changesPasswordOnly(change)) return;
  if (putsBack.length > 0) yield `puts the running job back as it was deployed: ${listed(putsBack, 4)}`;
  if (putsBackOnly(change)) return;
  if (before !== undefined && change.differences.length === 0) {
    yield "job is registered again unchanged";
    return;
  }
  const moving = moveOf(after);
  const moved = moveOf(before);
  if (moving !== undefined && moved === undefined) {
    yield `moves from ${moving.from} to PostgreSQL: down for ${minutes(moving.deadlineSeconds)} at most, snapshot to ${moving.snapshots}`;
    return;
  }
  if (moved !== undefined && isSettled(after)) {
    yield "has moved for good: its migration tasks go";
    return;
  }
  const secret = changes.find(({ type }) => type === "vault_kv_secret_v2")?.after.name;
  if (moved !== undefined && moving === undefined && typeof secret === "string") {
    yield readsSecret(after, secret)
      ? "move is finished: the migration tasks are removed"
      : `goes back to ${moved.from}: data written to PostgreSQL since then ${rollbackOf(after) === "copy-back" ? "is copied back first, and a failure keeps the service on PostgreSQL" : "stays there"}`;
    return;
  }
  if (before === undefined) {
    yield service === ownStacks.server
      ? "the server restarts under pgmoor's definition: every service on it is down meanwhile"
      : "job restarts under pgmoor's definition";
    return;
  }
  const words = imageChanges(before, after).join(", ") || "job changes";
  if (restartPaths(change).length === 0) yield `${words}, in place`;
  else if (service === ownStacks.server)
    yield `${words}, the server restarts once: every service on it is down meanwhile`;
  else yield `${words}, job restarts`;
}

function imageChanges(before: Jobspec, after: Jobspec | undefined): string[] {
  const old = new Map(tasksOf(before).map(({ Name, Config }) => [Name, Config?.image]));
  const changed = tasksOf(after).flatMap(({ Name, Config }) => {
    const [was, is] = [old.get(Name), Config?.image];
    return typeof was === "string" && typeof is === "string" && was !== is ? [`image ${was} → ${is}`] : [];
  });
  return [...new Set(changed)];
}
