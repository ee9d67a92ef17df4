import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { RunnerIdentity } from "../constructs/runner-identity";
import type { Environment, Runner } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { begin } from "./connections";

/** The CI's identity: deployed by a person, who may more than it. */
export class RunnerStack extends TerraformStack {
  constructor(scope: Construct, environment: Environment, runner: Runner) {
    super(scope, ownStacks.runner);
    const { vault, server } = environment;
    begin(this, environment, ownStacks.runner);
    new RunnerIdentity(this, "identity", {
      mount: vault.mount,
      workloadAuth: vault.jwtAuth,
      audience: vault.audience,
      adminSecret: server.adminSecret,
      ...runner,
    });
  }
}
