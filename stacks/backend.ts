/** Where an environment's Terraform states are kept. */
import { ConsulBackend, LocalBackend, type TerraformStack } from "cdktf";
import { join } from "node:path";
import type { Environment } from "../environments/model/environment";
import { fileOf } from "./file-of";
import { stateFolder } from "../terraform-states/state-files";

/** Tells a service's stack where its state is kept. */
export function keepState(stack: TerraformStack, environment: Environment, service: string): void {
  const { states, consul } = environment;
  if (states?.in !== "consul") {
    new LocalBackend(stack, { path: join(stateFolder(environment), `${service}.tfstate`) });
    return;
  }
  const { host, protocol } = new URL(consul.address);
  new ConsulBackend(stack, {
    address: host,
    scheme: protocol.replace(":", ""),
    path: `${states.path}/${service}`,
    caFile: fileOf(consul.caFile),
    lock: true,
    gzip: false,
    accessToken: "",
  });
  // Terraform takes it from CONSUL_HTTP_TOKEN, and a client certificate from its variables: what is written here would be in every synthesized stack and plan.
  stack.addOverride("terraform.backend.consul.access_token", undefined);
}
