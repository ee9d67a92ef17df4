import { JwtAuthBackendRole } from "@cdktf/provider-vault/lib/jwt-auth-backend-role";
import { Policy } from "@cdktf/provider-vault/lib/policy";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Duration } from "../nomad/duration";
import { addressName, literal, named } from "./terraform";
import { policyText, sourcePolicyName, type Reads } from "./workload-role";
import { workloadIdentityName } from "../services/definition";

export interface WorkloadIdentityProps {
  readonly service: string;
  /** The job's ID in Nomad. */
  readonly job: string;
  readonly namespace: string;
  readonly mount: string;
  /** The secrets below the mount that the job may read, and no others. */
  readonly secrets: readonly string[];
  /** What else the templates of its tasks read, by paths of Vault's API. */
  readonly reads: Reads;
  /**
   * Further secrets that the service's source needs, and whether it still does. Their policy is one of its own: when the
   * service is settled, Terraform destroys it after the job has changed. If the job's change fails, the job that Nomad puts
   * back can still read them.
   */
  readonly source: { readonly secrets: readonly string[]; readonly readable: boolean };
  readonly jwtAuth: string;
  readonly audience: string;
}

/**
 * What one Nomad job may read from Vault: a policy of exactly its secrets, and a JWT role that only this job of this
 * namespace can log in to.
 */
export class WorkloadIdentity extends Construct {
  /** Name of the JWT role, for the `vault` block of the job's tasks. */
  readonly role: string;
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: WorkloadIdentityProps) {
    super(scope, id);
    const name = addressName(props.service);
    this.role = workloadIdentityName(props.service);

    const policy = named(
      new Policy(this, "policy", {
        name: this.role,
        policy: literal(policyText(props.mount, props.secrets, props.reads)),
      }),
      name,
    );
    const { secrets: sourceSecrets, readable } = props.source;
    const sourcePolicy = sourcePolicyName(props.service);
    const sourceReady =
      sourceSecrets.length > 0 && readable
        ? [
            named(
              new Policy(this, "source-policy", {
                name: sourcePolicy,
                policy: literal(policyText(props.mount, sourceSecrets)),
              }),
              sourcePolicyAddress(props.service),
            ),
          ]
        : [];
    const role = named(
      new JwtAuthBackendRole(this, "role", {
        backend: props.jwtAuth,
        roleName: this.role,
        roleType: "jwt",
        boundAudiences: [props.audience],
        boundClaims: { nomad_namespace: props.namespace, nomad_job_id: props.job },
        userClaim: "/nomad_job_id",
        userClaimJsonPointer: true,
        claimMappings: {
          nomad_namespace: "nomad_namespace",
          nomad_job_id: "nomad_job_id",
          nomad_task: "nomad_task",
        },
        tokenType: "service",
        // By its name: the role stays as it is when the policy goes.
        tokenPolicies: [policy.name, ...(sourceSecrets.length > 0 ? [sourcePolicy] : [])],
        // Nomad renews it as long as the task lives.
        tokenPeriod: Duration.minutes(30).seconds,
      }),
      name,
    );
    this.ready = [policy, ...sourceReady, role];
  }
}

/** The address of the policy for the source's secrets. */
export function sourcePolicyAddress(service: string): string {
  return `${addressName(service)}_source`;
}
