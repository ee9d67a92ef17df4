import { DataNomadDatacenters } from "@cdktf/provider-nomad/lib/data-nomad-datacenters";
import { NomadProvider } from "@cdktf/provider-nomad/lib/provider";
import { Construct } from "constructs";
import { literal, quoted } from "./terraform";

export interface NomadConnectionProps {
  readonly address: string;
  readonly datacenter: string;
  /** @default `NOMAD_REGION`, else that of the server at the address */
  readonly region?: string | undefined;
  /** File with the certificate of the authority that signed Nomad's. @default `NOMAD_CACERT` */
  readonly caFile?: string | undefined;
}

/** Terraform's provider. It takes the person's token and client certificate from Nomad's usual variables. */
export function nomadProvider(
  scope: Construct,
  { address, region, caFile }: Omit<NomadConnectionProps, "datacenter">,
): void {
  new NomadProvider(scope, "nomad", { address, region, caFile });
}

/**
 * Terraform's connection to Nomad. Every plan asks for the datacenter: a Nomad that cannot be reached stops it, where a new
 * job alone would be noticed only when half of the apply is done.
 */
export class NomadConnection extends Construct {
  constructor(scope: Construct, id: string, props: NomadConnectionProps) {
    super(scope, id);
    const { address, datacenter } = props;
    nomadProvider(this, props);
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
