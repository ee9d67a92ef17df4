import { trimAddress, type Api } from "../http";
import { provider, type Provider } from "../protocol/provider";
import { optional, text, type Draft } from "../protocol/schema";
import { configured } from "../settings";
import { serviceHealth } from "./service-health";

const attributes = {
  address: optional(text),
  scheme: optional(text),
  datacenter: optional(text),
  token: optional(text, { sensitive: true }),
};

export interface Consul extends Api {
  readonly datacenter: string | undefined;
}

/** Stands in for hashicorp/consul 2.22.1: the health of a service. */
export function consulProvider(env: NodeJS.ProcessEnv): Provider {
  return provider({
    address: "registry.terraform.io/hashicorp/consul",
    attributes,
    configure: (config) => () => connect(config, env),
    dataSources: { consul_service_health: serviceHealth },
  });
}

function connect(config: Draft<typeof attributes>, env: NodeJS.ProcessEnv): Consul {
  const setting = configured("consul", config);
  const given = setting("address") ?? env.CONSUL_ADDRESS ?? env.CONSUL_HTTP_ADDR ?? "localhost:8500";
  const scheme = setting("scheme") ?? env.CONSUL_SCHEME ?? env.CONSUL_HTTP_SCHEME ?? "http";
  const token = setting("token") ?? env.CONSUL_TOKEN ?? env.CONSUL_HTTP_TOKEN;
  return {
    name: "Consul",
    address: trimAddress(/^https?:\/\//.test(given) ? given : `${scheme}://${given}`),
    headers: token ? { "X-Consul-Token": token } : {},
    datacenter: setting("datacenter"),
  };
}
