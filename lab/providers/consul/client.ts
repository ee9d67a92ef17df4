import { tlsFor } from "../../../connections/tls";
import { trimAddress, type Api } from "../http";
import { optional, text, type Draft } from "../protocol/schema";
import { configured } from "../settings";

export const attributes = {
  address: optional(text),
  scheme: optional(text),
  datacenter: optional(text),
  token: optional(text, { sensitive: true }),
  ca_file: optional(text),
};

export interface Consul extends Api {
  readonly datacenter: string | undefined;
}

export function connect(config: Draft<typeof attributes>, env: NodeJS.ProcessEnv): Consul {
  const setting = configured("consul", config);
  const given = setting("address") ?? env.CONSUL_ADDRESS ?? env.CONSUL_HTTP_ADDR ?? "localhost:8500";
  const scheme = setting("scheme") ?? env.CONSUL_SCHEME ?? env.CONSUL_HTTP_SCHEME ?? "http";
  const token = setting("token") ?? env.CONSUL_TOKEN ?? env.CONSUL_HTTP_TOKEN;
  const address = trimAddress(/^https?:\/\//.test(given) ? given : `${scheme}://${given}`);
  return {
    name: "Consul",
    address,
    tls: tlsFor("Consul", address, setting("ca_file"), true, env),
    headers: token ? { "X-Consul-Token": token } : {},
    datacenter: setting("datacenter"),
  };
}
