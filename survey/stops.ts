/**
 * Why a service must not be deployed as it stands in the environment: what the state has and what the servers have do not
 * fit. Each sentence says what is wrong and what to do. Nothing was written when it is said.
 */
import type { Environment, EnvironmentService, Existing } from "../environments/model/environment";
import { databaseName, databaseSecretName } from "../services/definition";
import { cutOffOf } from "./cut-off";
import type { Found, Presence } from "./found";
import type { Known } from "./known";
import { otherSide } from "./other-side";

interface Case {
  readonly environment: Environment;
  readonly service: EnvironmentService;
  readonly known: Known;
  readonly found: Found;
}

/** All of them; none: it may be deployed. */
export function stopsOf(the: Case): string[] {
  if (the.service.phase === "retired") return [];
  const half = tainted(the);
  if (half.length > 0) return half;
  // Whoever looks for a thing by another name finds nothing, and would say that it is missing.
  const moved = [...renamed(the), ...movedNamespace(the)];
  if (moved.length > 0) return moved;
  const strangers = [...notOurs(the), ...missing(the)];
  if (strangers.length > 0) return strangers;
  return [
    ...olderPassword(the),
    ...unreadable(the),
    ...refused(the),
    ...roleGone(the),
    ...databaseGone(the),
    ...nothingToMove(the),
    ...otherSide(the),
    ...leavesRows(the),
    ...upgraded(the),
  ];
}

function tainted({ service, known }: Case): string[] {
  return known.tainted.map(
    (address) =>
      `A deploy failed while it made ${address}. Terraform has marked it as tainted and would destroy it. Keep it: run \`terraform untaint ${address}\` in the folder of the stack ${service.definition.name}, then deploy again.`,
  );
}

function renamed({ service, known }: Case): string[] {
  const name = databaseName(service.definition);
  const before = known.database?.name ?? known.role?.name;
  if (before === undefined || before === name) return [];
  return [
    `The database and the role of ${service.definition.name} are called ${before}; the environment now calls them ${name}. A deploy does not rename them, since the running job uses the old name. Set definition.database.name to "${before}".`,
  ];
}

function movedNamespace({ environment, service, known }: Case): string[] {
  const { namespace } = environment.nomad;
  if (known.job === undefined || known.job.namespace === namespace) return [];
  return [
    `The job ${service.definition.name} runs in the namespace ${known.job.namespace}; the environment now says ${namespace}. A deploy would start a second job there, on the same data. Set nomad.namespace back, or stop the old job and forget it (\`terraform state rm\`) first.`,
  ];
}

/** What a deploy would make, as seen by the state, but that is there already. */
function notOurs({ environment, service, known, found }: Case): string[] {
  const { definition, existing = [] } = service;
  const name = databaseName(definition);
  const unexpected = (word: Existing, ours: object | undefined, presence: Presence) =>
    ours === undefined && presence === "present" && !existing.includes(word);
  const secret =
    known.secret === undefined &&
    (found.secret === "present" || found.secret === "deleted") &&
    !existing.includes("secret");
  const ours = cutOffOf(service, known, found);
  const role = !ours.role && unexpected("database", known.role, found.role);
  const database = !ours.database && unexpected("database", known.database, found.database);
  const job = unexpected("job", known.job, found.job);
  const things = [
    ...(secret ? [`the secret ${pathOf(environment, service)}`] : []),
    ...(role ? [`the role ${name}`] : []),
    ...(database ? [`the database ${name}`] : []),
    ...(job ? [`the job ${definition.name}`] : []),
  ];
  if (things.length === 0) return [];
  const both = role || database || existing.includes("database");
  const words: Existing[] = [
    ...(job || existing.includes("job") ? (["job"] as const) : []),
    // A database is taken over with the password that is in use.
    ...(both || secret || existing.includes("secret") ? (["secret"] as const) : []),
    ...(both ? (["database"] as const) : []),
  ];
  const inVault = secret || existing.includes("secret");
  const [are, them] = things.length === 1 ? ["exists", "it"] : ["exist", "them"];
  return [
    [
      `${sentence(listed(things))} already ${are}, but Terraform's state does not have ${them}.`,
      `If pgmoor made ${them}, the state is lost or elsewhere: deploy from where it is (docs/lost-state.md).`,
      `To take over what exists, with its data and its password, write existing: ${JSON.stringify(words)}.`,
      ...(both && !inVault
        ? [
            `First write the role's password to Vault: vault kv put -mount=${environment.vault.mount} ${secretName(service)} password=-`,
          ]
        : []),
    ].join(" "),
  ];
}

/** What the environment says exists, and does not. */
function missing({ environment, service, known, found }: Case): string[] {
  const { definition, existing = [] } = service;
  const name = databaseName(definition);
  const says = (word: Existing) => existing.includes(word);
  const stops: string[] = [];
  if (says("secret") && found.secret === "absent")
    stops.push(
      `existing names "secret", but Vault has no secret ${pathOf(environment, service)}. Write the password in use there (vault kv put -mount=${environment.vault.mount} ${secretName(service)} password=-), or correct existing.`,
    );
  const gone = [
    ...(known.role === undefined && found.role === "absent" ? [`role ${name}`] : []),
    ...(known.database === undefined && found.database === "absent" ? [`database ${name}`] : []),
  ];
  if (says("database") && gone.length > 0)
    stops.push(
      `existing names "database", but the server has no ${gone.join(" and no ")}. Remove "database" if pgmoor should create both; otherwise create what is missing by hand.`,
    );
  if (says("job") && known.job === undefined && found.job === "absent")
    stops.push(
      `existing names "job", but no job ${definition.name} runs in Nomad's namespace ${environment.nomad.namespace}. Start it, or remove "job".`,
    );
  return stops;
}

function olderPassword({ service, known }: Case): string[] {
  const { passwordVersion: wanted = 1 } = service;
  const have = Math.max(known.secret?.version ?? 0, known.role?.passwordVersion ?? 0);
  if (have <= wanted) return [];
  return [
    `passwordVersion is ${wanted}, but version ${have} is in use, and the older password is not kept. Write ${have} to keep the password, or ${have + 1} for a new one.`,
  ];
}

/** The secret is ours, or only read, and cannot be read. */
function unreadable({ environment, service, known, found }: Case): string[] {
  const { passwordVersion: wanted = 1 } = service;
  const path = pathOf(environment, service);
  const place = `-mount=${environment.vault.mount} ${secretName(service)}`;
  if (found.secret === "deleted")
    return [
      `The newest version of the secret ${path} was deleted in Vault: the service cannot read its password any more. Undo that: vault kv undelete -versions=N ${place} (vault kv metadata get says which). If it was destroyed, run vault kv metadata delete ${place} and set passwordVersion to ${nextVersion(known, wanted)}: a new password, for the secret and the role.`,
    ];
  if (found.secret === "absent" && known.secret !== undefined && wanted <= known.secret.version)
    return [
      `The secret ${path} is gone from Vault, with all its versions. Set passwordVersion to ${nextVersion(known, wanted)}: a new password, for the secret and the role.`,
    ];
  return [];
}

/** Vault's password is not the role's, and this deploy would not change that. */
function refused({ environment, service, known, found }: Case): string[] {
  const { passwordVersion: wanted = 1, existing = [] } = service;
  if (found.login !== "refused") return [];
  // It gets Vault's password, or a new one: with the role's making, or by the version.
  const adopts = existing.includes("database") && wanted === 1;
  if (!adopts && known.role?.passwordVersion !== wanted) return [];
  return [
    `The password in ${pathOf(environment, service)} is not the one of the role ${databaseName(service.definition)}: somebody changed it in Vault or on the server, and the service cannot log in. Write the right one back to Vault (vault kv rollback -version=N -mount=${environment.vault.mount} ${secretName(service)}), or set passwordVersion to ${nextVersion(known, wanted)}: a new password, for both.`,
  ];
}

function roleGone({ service, known, found }: Case): string[] {
  if (known.role === undefined || !found.orphaned) return [];
  const { passwordVersion: wanted = 1 } = service;
  return [
    `The role ${databaseName(service.definition)} is gone from the server, and the tables of its database now belong to another role. A new role could not use them. Create the role by hand, give it the tables (docs/lost-state.md#a-role-that-was-dropped), and set passwordVersion to ${nextVersion(known, wanted)}.`,
  ];
}

/** Terraform would make an empty one, and the service start without its rows. */
function databaseGone({ service, known, found }: Case): string[] {
  if (known.database === undefined || found.database !== "absent") return [];
  // One that runs on its source may have another empty one.
  if (service.definition.source !== undefined && found.onServer !== true) return [];
  const name = databaseName(service.definition);
  return [
    `The database ${name} is gone from the server, and ${service.definition.name} has its data there. pgmoor does not make an empty one in its place. Restore it from a backup, owned by the role ${name} (docs/lost-state.md#a-database-that-was-dropped).`,
  ];
}

function nothingToMove({ service, known, found }: Case): string[] {
  if (service.phase !== "cutover" || known.job !== undefined || found.job !== "absent") return [];
  // It has moved already, and its migration tasks only find that out.
  if (found.moved !== undefined) return [];
  return [
    `A cutover needs a running job, so that Nomad can revert to it, and there is no job ${service.definition.name}. Deploy it with phase "prepared" first.`,
  ];
}

/** Back to the source without a word about the rows that are only on the server. */
function leavesRows({ service, found: { moved } }: Case): string[] {
  if (service.phase !== "prepared" || service.rollback !== undefined || moved === undefined) return [];
  const { copied, rows } = moved;
  const held =
    rows === undefined
      ? ""
      : `: the server holds ${rows} rows of it, and its source has the ${copied} that were copied`;
  return [
    `${service.definition.name} has moved, and what it has written since is only on the server${held}. Write rollback: "copy-back" beside phase "prepared" to copy these rows back into its source, or rollback: "discard" to leave them on the server. See docs/go-back.md.`,
  ];
}

/** The server's rows do not fit into a file with the older schema. */
function upgraded({ service, found: { moved } }: Case): string[] {
  if (service.rollback !== "copy-back" || moved === undefined || moved.upgraded.length === 0) return [];
  return [
    `${service.definition.name} was upgraded on the server since its move: ${moved.upgraded.join(", ")} records other schema migrations now. The server's rows do not fit into a file with the older schema. Move the app back with its own tools, or write rollback: "discard" (docs/go-back.md).`,
  ];
}

function nextVersion(known: Known, wanted: number): number {
  return Math.max(known.secret?.version ?? 0, known.role?.passwordVersion ?? 0, wanted) + 1;
}

function secretName({ definition }: EnvironmentService): string {
  return databaseSecretName(databaseName(definition));
}

function pathOf({ vault }: Environment, service: EnvironmentService): string {
  return `${vault.mount}/${secretName(service)}`;
}

/** `a, b and c` */
function listed(things: readonly string[]): string {
  return things.length < 2 ? things.join("") : `${things.slice(0, -1).join(", ")} and ${things.at(-1)}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
