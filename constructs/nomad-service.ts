import { Job } from "@cdktf/provider-nomad/lib/job";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { deploymentDeadlines } from "./job/deadlines";
import type { ServiceJobProps } from "./job/props";
import { serviceJob } from "./job/service-job";
import { addressName, literal, named } from "./terraform";

export interface NomadServiceProps extends ServiceJobProps {
  /** Whether the job was there before pgmoor. It is imported then, if the state does not have it. */
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
        // In place of prevent_destroy. A first deploy that fails leaves the job tainted, to be replaced at the next one:
        // prevent_destroy would refuse that for ever. So Terraform may replace it, and never stops it in Nomad.
        deregisterOnDestroy: false,
        timeouts: { create: terraform.toString(), update: terraform.toString() },
        dependsOn: [...props.dependsOn],
      }),
      addressName(props.definition.name),
    );
    if (props.existing) job.importFrom(`${props.definition.name}@${props.namespace}`);
  }
}
