/** What a service's job may read from Vault, and under which names. */
import type { Template } from "../nomad/job";
import { vaultReads } from "../nomad/template-reads";
import { databaseName, databaseSecretName, workloadIdentityName } from "../services/definition";
import { groupIndex, hasJobspec, type Definition, type JobDefinition } from "../services/job-definition";
import type { ServiceJobProps } from "./job/props";
import { tellingSecrets } from "./job/telling";
import { templatesWithoutDatabase } from "./job/jobspec/on-server";

/** Name of the policy for what only a move needs. A role may name it while there is none. */
export function sourcePolicyName(service: string): string {
  return `${workloadIdentityName(service)}-source`;
}

/** The secrets below the mount that a service's job may read: its database's, and those of its own variables. */
export function readableSecrets(definition: Definition): string[] {
  const secrets = hasJobspec(definition) ? [] : (definition.secrets ?? []);
  return [databaseSecretName(databaseName(definition)), ...secrets.map(({ secret }) => secret)];
}

/**
 * What a service reads as long as it can move or go back: the password of its own server, the login for the migrator's image, and
 * what tells people how a move ended. Without those that it reads in any case.
 */
export function movingSecrets(
  definition: Definition,
  { registry, telling }: Pick<ServiceJobProps["migrator"], "registry" | "telling">,
): string[] {
  const { source } = definition;
  if (source === undefined) return [];
  const all = [
    ...(source.kind === "postgres" ? [source.password.secret] : []),
    ...(registry === undefined ? [] : [registry.secret]),
    ...tellingSecrets(telling),
  ];
  const readable = readableSecrets(definition);
  return all.filter((secret) => !readable.includes(secret));
}

/** Paths of Vault's API. */
export interface Reads {
  readonly read: readonly string[];
  /** Paths that give something to who writes parameters to them, such as a certificate. */
  readonly written: readonly string[];
}

export const nothing: Reads = { read: [], written: [] };

/** What the templates of somebody's job read, in the tasks whose access to Vault becomes the service's. */
export function templateReads(definition: Definition): Reads {
  if (!hasJobspec(definition)) return nothing;
  const all = templatesOf(definition).map(({ EmbeddedTmpl = "", LeftDelim, RightDelim }) =>
    vaultReads(EmbeddedTmpl, LeftDelim, RightDelim),
  );
  return {
    read: [...(definition.reads ?? []), ...all.flatMap(({ read }) => read)],
    written: all.flatMap(({ written }) => written),
  };
}

function templatesOf(definition: JobDefinition): Template[] {
  const { jobspec, tasks, source } = definition;
  const group = jobspec.TaskGroups[groupIndex(jobspec, tasks)];
  const ofServer = source?.kind === "postgres" ? source.task : undefined;
  return (group?.Tasks ?? []).flatMap((task) => {
    const templates = tasks.includes(task.Name)
      ? templatesWithoutDatabase(definition, task)
      : // Its files, not its variables, go with it into the cutover.
        (task.Templates ?? []).filter(({ Envvars }) => task.Name === ofServer && Envvars !== true);
    return templates;
  });
}

/** A policy that reads these secrets, and what else templates read, and nothing else. */
export function policyText(mount: string, secrets: readonly string[], reads: Reads = nothing): string {
  const path = (name: string, capabilities: readonly string[]) =>
    `path ${JSON.stringify(name)} {\n  capabilities = ${JSON.stringify(capabilities)}\n}\n`;
  const read = [...secrets.map((secret) => `${mount}/data/${secret}`), ...reads.read];
  return [
    ...[...new Set(read)].map((name) => path(name, ["read"])),
    ...[...new Set(reads.written)].map((name) => path(name, ["create", "update"])),
  ].join("");
}
