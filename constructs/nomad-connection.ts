import { DataNomadDatacenters } from "@cdktf/provider-nomad/lib/data-nomad-datacenters";
import { NomadProvider } from "@cdktf/provider-nomad/lib/provider";
import { Construct } from "constructs";
import { literal, quoted } from "./terraform";

export interface NomadConnectionProps {
  readonly address: string;
  readonly datacenter: string;
}

/**
 * Terraform's connection to Nomad. Every plan asks for the datacenter: a Nomad that cannot be reached stops it, where a new
 * job alone would be noticed only when half of the apply is done.
 */
export class NomadConnection extends Construct {
  constructor(scope: Construct, id: string, { address, datacenter }: NomadConnectionProps) {
    super(scope, id);
    new NomadProvider(this, "nomad", { address });
    new DataNomadDatacenters(this, "datacenters", {
      ignoreDownNodes: true,
      lifecycle: {
        postcondition: [
          {
            condition: `\${contains(self.datacenters, ${quoted(datacenter)})}`,
            errorMessage: literal(
              `Nomad at ${address} has no running client in the datacenter "${datacenter}", where the job should run. Start one, or correct nomad.datacenter in the environment.`,
            ),
          },
        ],
      },
    }).overrideLogicalId("clients");
  }
}
