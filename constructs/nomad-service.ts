import { Job } from "@cdktf/provider-nomad/lib/job";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { deploymentDeadlines } from "./job/deadlines";
import type { ServiceJobProps } from "./job/props";
import { serviceJob } from "./job/service-job";
import { addressName, literal, named } from "./terraform";

export interface NomadServiceProps extends ServiceJobProps {
  /** Whether the job is there already. It is imported then: a create that fails would be tainted, and its job stopped. */
  readonly existing: boolean;
  readonly dependsOn: readonly ITerraformDependable[];
}

/** The Nomad job of a service. The apply waits for its deployment, and fails when that fails. */
export class NomadService extends Construct {
  constructor(scope: Construct, id: string, props: NomadServiceProps) {
    super(scope, id);
    const { terraform } = deploymentDeadlines(props.definition, props.phase);
    const job = named(
      new Job(this, "job", {
        jobspec: literal(JSON.stringify(serviceJob(props))),
        json: true,
        detach: false,
        timeouts: { create: terraform.toString(), update: terraform.toString() },
        dependsOn: [...props.dependsOn],
        lifecycle: { preventDestroy: true },
      }),
      addressName(props.definition.name),
    );
    if (props.existing) job.importFrom(`${props.definition.name}@${props.namespace}`);
  }
}
