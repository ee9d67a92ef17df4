/** What Terraform's state has of a service, as far as it decides what the next plan may do. */
import type { StateResource } from "../terraform-states/read-states";

export interface Known {
  /** The Vault secret: absent for one that is only read. */
  readonly secret?: { readonly name: string; readonly version: number };
  readonly role?: { readonly name: string; readonly passwordVersion: number | undefined };
  readonly database?: { readonly name: string };
  /** `jobspec`: as it was when Terraform looked last. */
  readonly job?: { readonly namespace: string; readonly jobspec?: string | undefined };
  /** Addresses that a deploy left half made: Terraform would destroy them and make them anew. Jobs apart, which it may. */
  readonly tainted: readonly string[];
}

export function knownOf(resources: readonly StateResource[]): Known {
  const the = (type: string) => resources.find((resource) => resource.type === type)?.attributes;
  const secret = the("vault_kv_secret_v2");
  const role = the("postgresql_role");
  const database = the("postgresql_database");
  const job = the("nomad_job");
  return {
    secret: secret && { name: text(secret.name), version: number(secret.data_json_wo_version) ?? 0 },
    role: role && { name: text(role.name), passwordVersion: number(role.password_wo_version) },
    database: database && { name: text(database.name) },
    job: job && { namespace: text(job.namespace) || "default", jobspec: text(job.jobspec) || undefined },
    tainted: resources
      .filter(({ tainted, type }) => tainted && type !== "nomad_job")
      .map(({ type, name }) => `${type}.${name}`),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The state has some numbers as texts. */
function number(value: unknown): number | undefined {
  return value === null || value === undefined || value === "" ? undefined : Number(value);
}
