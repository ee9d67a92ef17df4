/** What a service's job may read from Vault, and under which names. */
import type { ServiceDefinition } from "../services/definition";
import { databaseName, databaseSecretName } from "../services/definition";

/** Name of a service's policy and JWT role in Vault. */
export function workloadIdentityName(service: string): string {
  return `pgmoor-${service}`;
}

/** The secrets below the mount that a service's job may read: its database's, and those of its own variables. */
export function readableSecrets(definition: ServiceDefinition): string[] {
  const { secrets = [] } = definition;
  return [databaseSecretName(databaseName(definition)), ...secrets.map(({ secret }) => secret)];
}

/** A policy that reads these secrets and nothing else. */
export function policyText(mount: string, secrets: readonly string[]): string {
  return [...new Set(secrets)]
    .map((secret) => `path ${JSON.stringify(`${mount}/data/${secret}`)} {\n  capabilities = ["read"]\n}\n`)
    .join("");
}
