import { Job } from "@cdktf/provider-nomad/lib/job";
import type { ITerraformDependable, Postcondition, Precondition } from "cdktf";
import { Construct } from "constructs";
import { deploymentDeadlines } from "./job/deadlines";
import { modeOf, type ServiceJobProps } from "./job/props";
import { serviceGroup, serviceJob } from "./job/service-job";
import { versionMeta } from "../nomad/version";
import { addressName, literal, named, quoted } from "./terraform";
import type { Job as ServiceJob } from "../nomad/job";

export interface NomadServiceProps extends ServiceJobProps {
  /** Whether the job was there before pgmoor. It is imported then, if the state does not have it. */
  readonly existing: boolean;
  /** Nomad's index of a version that somebody changed by hand, which this one is to replace. @default nobody did */
  readonly over?: number | undefined;
  readonly dependsOn: readonly ITerraformDependable[];
  /** What has to hold, or the plan stops. */
  readonly preconditions: readonly Precondition[];
}

/** The Nomad job of a service. The apply waits for its deployment, and fails when that fails. */
export class NomadService extends Construct {
  constructor(scope: Construct, id: string, props: NomadServiceProps) {
    super(scope, id);
    const { terraform } = deploymentDeadlines(props.definition, modeOf(props));
    const wanted = serviceJob(props);
    const { ID, Namespace = props.namespace } = wanted;
    const job = named(
      new Job(this, "job", {
        jobspec: literal(JSON.stringify({ ...wanted, JobModifyIndex: props.over })),
        json: true,
        detach: false,
        // In place of prevent_destroy. A first deploy that fails leaves the job tainted, to be replaced at the next one:
        // prevent_destroy would refuse that for ever. So Terraform may replace it, and never stops it in Nomad.
        deregisterOnDestroy: false,
        timeouts: { create: terraform.toString(), update: terraform.toString() },
        // A job that somebody stopped, or scaled to zero, is `dead`. The provider registers it again, but only if asked to.
        rerunIfDead: true,
        dependsOn: [...props.dependsOn],
        lifecycle: {
          ...(props.preconditions.length === 0 ? {} : { precondition: [...props.preconditions] }),
          postcondition: runsAsWanted(wanted, Namespace, serviceGroup(props)),
        },
      }),
      addressName(props.definition.name),
    );
    if (props.existing) job.importFrom(`${ID}@${Namespace}`);
  }
}

/**
 * What the plan knows of the job that runs, where it changes nothing itself: the provider reads its status and its groups, but
 * no other version's jobspec, unless whoever registered that version handed it in (`nomad job run` does; `nomad job revert`,
 * `nomad job scale` and Nomad's own revert do not). Where nobody has compared the two jobs in Nomad (`stacks/drift.ts`), the
 * plan would say "No changes" without this.
 */
function runsAsWanted({ ID, TaskGroups }: ServiceJob, namespace: string, at: number): Postcondition[] {
  const { Count = 1, Meta = {} } = TaskGroups[at]!;
  const stop = `nomad job stop -namespace ${namespace} ${ID}`;
  const group = `self.task_groups[${at}]`;
  const version = `try(${group}.meta[${quoted(versionMeta)}], "")`;
  const deployed = `try(jsondecode(self.jobspec).TaskGroups[${at}].Meta[${quoted(versionMeta)}], "")`;
  // A job that is its definition's jobspec has no version of pgmoor's.
  const wanted = quoted(Meta[versionMeta] ?? "");
  return [
    {
      condition: '${self.status != "dead"}',
      errorMessage: literal(
        `The job ${ID} is dead, and registering it again does not start it: Nomad does not replace an allocation of a failed deployment. Run \`${stop}\`, and deploy again.`,
      ),
    },
    {
      // A dead job is registered anew, whatever its last version was. After an apply that failed, Terraform asks here, too, with
      // the job as it was before; the provider has said then what went wrong.
      condition: `\${self.status == "dead" || ${deployed} != ${wanted} || (${group}.count == ${Count} && ${version} == ${wanted})}`,
      errorMessage: literal(
        `Nomad runs another version of the job ${ID} than the one that is deployed here: somebody reverted, scaled or changed it. See what it is (nomad job history -p ${ID}). The next deploy replaces it when pgmoor can compare the two: Nomad has to answer, and the token in NOMAD_TOKEN needs submit-job.`,
      ),
    },
  ];
}
