import { DataNomadAllocations } from "@cdktf/provider-nomad/lib/data-nomad-allocations";
import { DataNomadJob } from "@cdktf/provider-nomad/lib/data-nomad-job";
import { DataPostgresqlTables } from "@cdktf/provider-postgresql/lib/data-postgresql-tables";
import { TerraformStack, type ITerraformDependable, type Precondition } from "cdktf";
import { Construct } from "constructs";
import { confirmedTable, ledgerSchema, type RollbackKind } from "../services/ledger";
import { phaseMeta, returningPhase } from "../nomad/phase";
import type { JobPhase } from "./job/props";
import { addressName, literal, quoted } from "./terraform";

export interface PhaseGuardProps {
  readonly service: string;
  /** The job's ID in Nomad. */
  readonly job: string;
  readonly namespace: string;
  readonly database: string;
  readonly phase: JobPhase;
  /** Of `prepared`. @default it stays on its source */
  readonly rollback?: RollbackKind | undefined;
  /** What makes the database: it may be missing before the first cutover. */
  readonly databaseReady: readonly ITerraformDependable[];
}

/**
 * Whether a service may go from where it is to the phase that it is to have. Every plan looks: the running job says where the
 * service is, and the database says whether its ledger has the move as confirmed. A plan that would lose rows or put the
 * service on a database that is not its own stops.
 */
export class PhaseGuard extends Construct {
  /** For the job: Terraform evaluates them when it plans. */
  readonly preconditions: readonly Precondition[];

  constructor(scope: Construct, id: string, props: PhaseGuardProps) {
    super(scope, id);
    const { service, phase } = props;
    const running = this.runningPhase(props);
    switch (phase) {
      case "prepared": {
        // A job that somebody purged says nothing.
        const left = `!${running.exists} || contains(["cutover", ${quoted(returningPhase)}], ${running.phase})`;
        const confirmed = this.confirmed(props, props.databaseReady, left);
        this.preconditions = [
          {
            condition: `\${${running.phase} != "settled"}`,
            errorMessage: literal(
              `${service} is settled: its job no longer has its source, and what it has written since the move is only on the server. To go back, deploy it as "cutover" first, with the source's volume; then go back from there (docs/go-back.md).`,
            ),
          },
          ...(props.rollback === undefined
            ? [
                {
                  condition: `\${!${confirmed}}`,
                  errorMessage: literal(
                    `${service} has moved, and its ledger says that it is confirmed: what it has written since is only on the server. Set rollback: "copy-back" beside phase "prepared" to copy these rows back into its source, or rollback: "discard" to leave them on the server. See docs/go-back.md.`,
                  ),
                },
              ]
            : []),
        ];
        if (props.rollback !== undefined) this.tellBack(service, running.phase, confirmed);
        return;
      }
      case "cutover": {
        const confirmed = this.confirmed(props, props.databaseReady);
        this.preconditions = [
          {
            condition: `\${!${running.exists} || ${running.phase} != "" || !${confirmed}}`,
            errorMessage: literal(
              `${service} runs on its source, but its ledger says that it was confirmed on the server. It went back since then, so each side may have rows that the other lacks. Set phase "prepared" with rollback: "copy-back" to keep the server's rows, or with rollback: "discard" to keep the source's, and deploy. Then move it again. See docs/go-back.md#a-confirmed-service-that-runs-on-its-source.`,
            ),
          },
        ];
        this.tell(service, confirmed);
        return;
      }
      case "settled":
        this.preconditions = [
          {
            condition: `\${${this.confirmed(props, [])}}`,
            errorMessage: literal(
              `${service} cannot be settled: the ledger in its database does not say that its move is confirmed. Deploy it as "cutover", and settle it when that has succeeded. If an older release of pgmoor moved it, deploy it as "cutover" once more.`,
            ),
          },
          {
            condition: `\${!${running.exists} || contains(["cutover", "settled"], ${running.phase})}`,
            errorMessage: literal(
              `${service} cannot be settled: its job runs on its source, or was moved by an older release of pgmoor. Deploy it as "cutover" first.`,
            ),
          },
        ];
    }
  }

  /** The job as it runs now. A job that is not there is no error: it is about to be made. */
  private runningPhase({ service, job: jobId, namespace }: PhaseGuardProps): {
    exists: string;
    phase: string;
  } {
    const allocations = new DataNomadAllocations(this, "allocations", {
      namespace,
      filter: literal(`JobID == ${JSON.stringify(jobId)} and DesiredStatus == "run"`),
    });
    allocations.overrideLogicalId(addressName(service));
    const job = new DataNomadJob(this, "job", { jobId, namespace });
    job.overrideLogicalId(addressName(service));
    job.addOverride("count", `\${length(${allocations.fqn}.allocations) > 0 ? 1 : 0}`);
    const meta = quoted(phaseMeta);
    return {
      exists: `(length(${job.fqn}) > 0)`,
      // One group has it. Its place may be another one than in the job that is to be registered.
      phase: `try([for group in ${job.fqn}[0].task_groups : group.meta[${meta}] if try(group.meta[${meta}], "") != ""][0], "")`,
    };
  }

  /**
   * Whether the ledger says so: the migrator keeps a table of this name while it does.
   * @param asked when it matters; else the database is not looked at, and the answer is no. @default always
   */
  private confirmed(
    { service, database }: PhaseGuardProps,
    dependsOn: readonly ITerraformDependable[],
    asked?: string,
  ): string {
    const tables = new DataPostgresqlTables(this, "confirmed", {
      database,
      schemas: [ledgerSchema],
      likeAnyPatterns: [confirmedTable],
      dependsOn: dependsOn.length === 0 ? undefined : [...dependsOn],
    });
    tables.overrideLogicalId(addressName(service));
    if (asked === undefined) return `(length(${tables.fqn}.tables) > 0)`;
    tables.addOverride("count", `\${${asked} ? 1 : 0}`);
    return `(try(length(${tables.fqn}[0].tables), 0) > 0)`;
  }

  /** A warning of every plan once the service is back: its job needs more than one that has never moved. */
  private tellBack(service: string, phase: string, confirmed: string): void {
    TerraformStack.of(this).addOverride("check.back", {
      assert: [
        {
          condition: `\${${phase} != ${quoted(returningPhase)} || ${confirmed}}`,
          error_message: literal(
            `${service} is back on its source. Remove rollback from the environment, and deploy: until then each start needs Vault, the snapshots' volume and the migrator's image.`,
          ),
        },
      ],
    });
  }

  /** A warning of every plan from the confirmation on: a move has an end. */
  private tell(service: string, confirmed: string): void {
    TerraformStack.of(this).addOverride("check.settle", {
      assert: [
        {
          condition: `\${!${confirmed}}`,
          error_message: literal(
            `${service} has moved, and its ledger says that it is confirmed. Set phase "settled" when you no longer want to go back. Until then, each start needs the source's volume, the snapshots' volume and the migrator's image.`,
          ),
        },
      ],
    });
  }
}
