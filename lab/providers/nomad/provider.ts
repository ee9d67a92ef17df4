import { tlsFor } from "../../../connections/tls";
import { trimAddress } from "../http";
import { Fault } from "../protocol/fault";
import { provider, type Provider } from "../protocol/provider";
import { optional, required, text, type Attributes } from "../protocol/schema";
import { configured } from "../settings";
import { Nomad } from "./client";
import { allocations } from "./allocations";
import { datacenters } from "./datacenters";
import { job } from "./job";
import { runningJob } from "./running-job";

/** Stands in for hashicorp/nomad 2.5.2: jobs whose jobspec is JSON, what runs of a job, and the datacenters. */
export function nomadProvider(env: NodeJS.ProcessEnv): Provider {
  const attributes = {
    // Terraform is not to ask for what the environment tells.
    address: (env.NOMAD_ADDR ? optional(text) : required(text)) as Attributes[string] & typeof text,
    region: optional(text),
    secret_id: optional(text),
    ca_file: optional(text),
  };
  return provider({
    address: "registry.terraform.io/hashicorp/nomad",
    attributes,
    configure: (config) => () => {
      const setting = configured("nomad", config);
      const address = setting("address") ?? env.NOMAD_ADDR;
      if (!address) throw new Fault("No Nomad address: set NOMAD_ADDR", "Or the provider's address.");
      const token = setting("secret_id") ?? env.NOMAD_TOKEN;
      return new Nomad(
        {
          name: "Nomad",
          address: trimAddress(address),
          headers: token ? { "X-Nomad-Token": token } : {},
          tls: tlsFor("Nomad", address, setting("ca_file"), true, env),
        },
        setting("region") ?? env.NOMAD_REGION,
      );
    },
    resources: { nomad_job: job },
    dataSources: { nomad_allocations: allocations, nomad_datacenters: datacenters, nomad_job: runningJob },
  });
}
