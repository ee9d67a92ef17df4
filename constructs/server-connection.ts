import { DataConsulServiceHealth } from "@cdktf/provider-consul/lib/data-consul-service-health";
import { ConsulProvider } from "@cdktf/provider-consul/lib/provider";
import { DataPostgresqlSchemas } from "@cdktf/provider-postgresql/lib/data-postgresql-schemas";
import { PostgresqlProvider } from "@cdktf/provider-postgresql/lib/provider";
import { Construct } from "constructs";
import { ephemeral, literal } from "./terraform";

export interface ServerConnectionProps {
  readonly consul: {
    readonly address: string;
    /** File with the certificate of the authority that signed Consul's. @default `CONSUL_CACERT` */
    readonly caFile?: string | undefined;
  };
  /** The server's service in Consul. */
  readonly service: string;
  /** @default the address that Consul has */
  readonly address?: { readonly host: string; readonly port: number };
  readonly mount: string;
  /** The KV v2 secret with the admin's `username` and `password`. */
  readonly adminSecret: string;
  readonly sslmode: string;
  /** File with the certificate of the authority that signed the server's. @default none */
  readonly caFile?: string | undefined;
}

/**
 * Terraform's connection to the central PostgreSQL, as its admin. Every plan asks Consul whether the server is healthy and
 * logs in once, so that a server that is down or refuses the admin stops the plan, before anything is touched.
 */
export class ServerConnection extends Construct {
  constructor(scope: Construct, id: string, props: ServerConnectionProps) {
    super(scope, id);
    new ConsulProvider(this, "consul", { ...props.consul });
    const health = new DataConsulServiceHealth(this, "health", {
      name: props.service,
      passing: true,
      lifecycle: {
        postcondition: [
          {
            condition: "${length(self.results) > 0}",
            errorMessage: literal(
              `Consul at ${props.consul.address} has no healthy instance of the service "${props.service}", the central PostgreSQL. Start it, or correct its health check.`,
            ),
          },
        ],
      },
    });
    health.overrideLogicalId("server");
    const admin = ephemeral(this, "vault_kv_secret_v2", "admin", {
      mount: props.mount,
      name: props.adminSecret,
    });
    const instance = `${health.fqn}.results[0]`;
    new PostgresqlProvider(this, "postgresql", {
      // An instance without an address of its own has its node's.
      host:
        props.address?.host ?? `\${coalesce(${instance}.service[0].address, ${instance}.node[0].address)}`,
      username: `\${${admin}.data.username}`,
      password: `\${${admin}.data.password}`,
      sslmode: props.sslmode,
      sslrootcert: props.caFile,
      connectTimeout: 10,
    }).addOverride("port", props.address?.port ?? `\${${instance}.service[0].port}`);
    const probe = new DataPostgresqlSchemas(this, "probe", { database: "postgres" });
    probe.overrideLogicalId("server");
  }
}
