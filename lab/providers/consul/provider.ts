import { provider, type Provider } from "../protocol/provider";
import { attributes, connect } from "./client";
import { serviceHealth } from "./service-health";

/** Stands in for hashicorp/consul 2.22.1: the health of a service. */
export function consulProvider(env: NodeJS.ProcessEnv): Provider {
  return provider({
    address: "registry.terraform.io/hashicorp/consul",
    attributes,
    configure: (config) => () => connect(config, env),
    dataSources: { consul_service_health: serviceHealth },
  });
}
