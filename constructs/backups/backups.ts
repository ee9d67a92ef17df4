import { Job } from "@cdktf/provider-nomad/lib/job";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Duration } from "../../nomad/duration";
import { defaultKeySecret } from "../../services/server-job";
import { DatabaseSecret } from "../database-secret";
import { addressName, literal, named } from "../terraform";
import { nothing } from "../workload-role";
import { WorkloadIdentity } from "../workload-identity";
import { backupSecrets } from "./access";
import { backupJobsOf } from "./jobs";
import type { BackupJobsProps } from "./props";

export interface BackupsProps extends BackupJobsProps {
  readonly vault: { readonly jwtAuth: string; readonly audience: string };
}

/**
 * The backups of the central PostgreSQL: the repository's key in Vault, the jobs that receive the WAL, back up, test and
 * restore, and for each of them what it may read.
 */
export class ServerBackups extends Construct {
  constructor(scope: Construct, id: string, props: BackupsProps) {
    super(scope, id);
    const { backups, mount } = props;
    const key = new DatabaseSecret(this, "key", {
      service: "backup_key",
      mount,
      name: backups.keySecret ?? defaultKeySecret,
      passwordVersion: 1,
      ownership: backups.existingKey === true ? "existing" : "new",
    });
    const before = key.resource === undefined ? [] : [key.resource];
    for (const job of backupJobsOf(props)) this.job(props, job, before);
  }

  private job(
    { vault, mount, namespace, ...props }: BackupsProps,
    job: ReturnType<typeof backupJobsOf>[number],
    before: readonly ITerraformDependable[],
  ): void {
    const identity = new WorkloadIdentity(this, `${job.ID}-identity`, {
      service: job.ID,
      job: job.ID,
      reads: nothing,
      namespace,
      mount,
      secrets: backupSecrets({ ...props, mount, namespace }),
      source: { secrets: [], readable: false },
      ...vault,
    });
    const timeout = Duration.minutes(8).toString();
    named(
      new Job(this, job.ID, {
        jobspec: literal(JSON.stringify(job)),
        json: true,
        detach: false,
        // A batch job has nothing that its stop would take away; the one that receives the WAL is replaced in place.
        deregisterOnDestroy: false,
        timeouts: { create: timeout, update: timeout },
        rerunIfDead: job.Type === "service",
        dependsOn: [...before, ...identity.ready],
      }),
      addressName(job.ID),
    );
  }
}
