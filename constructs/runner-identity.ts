import { JwtAuthBackendRole } from "@cdktf/provider-vault/lib/jwt-auth-backend-role";
import { Policy } from "@cdktf/provider-vault/lib/policy";
import { Construct } from "constructs";
import { Duration } from "../nomad/duration";
import { runnerRole } from "./runner-role";
import { literal, named } from "./terraform";

export interface RunnerIdentityProps {
  /** Mount of the KV v2 engine. */
  readonly mount: string;
  /** Mount of the JWT auth method of the services' jobs, whose roles the runner makes. */
  readonly workloadAuth: string;
  /** The KV v2 secret with the admin of the server. */
  readonly adminSecret: string;
  readonly audience: string;
  /** Mount of the JWT auth method that trusts the runner's identity. */
  readonly jwtAuth: string;
  /** The claim that Vault calls the runner by in its audit: `repository`. */
  readonly userClaim: string;
  /** The claims that a job has to have to plan, and those to deploy. */
  readonly plan: Claims;
  readonly deploy: Claims;
}

export type Claims = Readonly<Record<string, string>>;

/** What a job of CI may do in Vault: one that plans reads, one that deploys writes what the stacks consist of. */
export class RunnerIdentity extends Construct {
  constructor(scope: Construct, id: string, props: RunnerIdentityProps) {
    super(scope, id);
    const { mount, adminSecret, workloadAuth } = props;
    const ours = (capabilities: readonly string[]): Paths => ({
      // The databases' own secrets, and no others.
      [`${mount}/data/postgres/+`]: capabilities,
      [`${mount}/metadata/postgres/+`]: ["read"],
      [`${mount}/data/${adminSecret}`]: ["read"],
      "sys/policies/acl/pgmoor-*": capabilities,
      [`auth/${workloadAuth}/role/pgmoor-*`]: capabilities,
    });
    this.role("plan", props, props.plan, Duration.minutes(30), ours(["read"]));
    // A deploy lasts as long as its cutovers. It deletes nothing but what a policy or a role may lose.
    this.role("deploy", props, props.deploy, Duration.hours(6), ours(["create", "read", "update"]));
  }

  private role(
    what: "plan" | "deploy",
    props: RunnerIdentityProps,
    claims: Claims,
    ttl: Duration,
    paths: Paths,
  ): void {
    const name = `runner_${what}`;
    // Outside of what a deploy may write: it shall not widen itself.
    const inVault = runnerRole(what);
    const policy = named(
      new Policy(this, `${what}-policy`, { name: inVault, policy: literal(policyText(paths)) }),
      name,
    );
    named(
      new JwtAuthBackendRole(this, `${what}-role`, {
        backend: props.jwtAuth,
        roleName: inVault,
        roleType: "jwt",
        boundAudiences: [props.audience],
        boundClaims: { ...claims },
        userClaim: props.userClaim,
        tokenPolicies: [policy.name],
        tokenTtl: ttl.seconds,
        tokenMaxTtl: ttl.seconds,
      }),
      name,
    );
  }
}

type Paths = Readonly<Record<string, readonly string[]>>;

function policyText(paths: Paths): string {
  return Object.entries(paths)
    .map(
      ([path, capabilities]) =>
        `path ${JSON.stringify(path)} {\n  capabilities = ${JSON.stringify(capabilities)}\n}\n`,
    )
    .join("");
}
