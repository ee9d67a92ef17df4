import { Job } from "@cdktf/provider-nomad/lib/job";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { serverJobName } from "../../services/server-job";
import { DatabaseSecret } from "../database-secret";
import { addressName, forget, literal, named } from "../terraform";
import { WorkloadIdentity } from "../workload-identity";
import { workloadIdentityName } from "../../services/definition";
import { certificateReads } from "./certificate";
import { serverDeadlines, serverJob, type ServerJobProps } from "./server-job";

export interface PostgresServerProps extends Omit<ServerJobProps, "vaultRole" | "admin"> {
  readonly vault: {
    readonly mount: string;
    readonly jwtAuth: string;
    readonly audience: string;
    /** Name of the admin's secret below the mount. */
    readonly adminSecret: string;
  };
}

/**
 * The central PostgreSQL as a Nomad job: the admin's secret in Vault, what the job may read, and the job. Nothing of it is ever
 * destroyed by Terraform, and its data is in a host volume that nothing here can delete.
 */
export class PostgresServer extends Construct {
  constructor(scope: Construct, id: string, props: PostgresServerProps) {
    super(scope, id);
    const { job, vault, namespace } = props;
    const name = serverJobName(job);
    if (job.existing === "watched") {
      this.forgetAll(name);
      return;
    }
    const admin = { mount: vault.mount, secret: vault.adminSecret };
    const wanted = serverJob({ ...props, admin, vaultRole: workloadIdentityName(name) });

    const ready = this.secretAndIdentity(props, name);
    const server = named(
      new Job(this, "job", {
        jobspec: literal(JSON.stringify(wanted)),
        json: true,
        detach: false,
        // As with services: a first deploy that fails leaves the job tainted, and Terraform must be able to replace it.
        deregisterOnDestroy: false,
        timeouts: {
          create: serverDeadlines.terraform.toString(),
          update: serverDeadlines.terraform.toString(),
        },
        rerunIfDead: true,
        dependsOn: ready,
      }),
      addressName(name),
    );
    if (job.existing !== undefined) server.importFrom(`${name}@${namespace}`);
  }

  /**
   * A job that is only watched is none of Terraform's: the provider imports no jobspec that it could leave as it is. What was
   * made for it stays, and is forgotten.
   */
  private forgetAll(name: string): void {
    const address = addressName(name);
    forget(this, [
      `nomad_job.${address}`,
      `vault_kv_secret_v2.${address}`,
      `vault_policy.${address}`,
      `vault_jwt_auth_backend_role.${address}`,
    ]);
  }

  private secretAndIdentity(
    { job, vault, namespace }: PostgresServerProps,
    name: string,
  ): ITerraformDependable[] {
    const secret = new DatabaseSecret(this, "secret", {
      service: name,
      mount: vault.mount,
      name: vault.adminSecret,
      fields: { username: "postgres" },
      passwordVersion: 1,
      ownership: job.existingSecret === true ? "existing" : "new",
    });
    const identity = new WorkloadIdentity(this, "identity", {
      service: name,
      job: name,
      reads: certificateReads(job.tls),
      namespace,
      mount: vault.mount,
      secrets: [vault.adminSecret],
      source: { secrets: [], readable: false },
      jwtAuth: vault.jwtAuth,
      audience: vault.audience,
    });
    return [...(secret.resource === undefined ? [] : [secret.resource]), ...identity.ready];
  }
}
