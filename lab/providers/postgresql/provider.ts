import { provider, type Provider } from "../protocol/provider";
import { bool, number, optional, text } from "../protocol/schema";
import { once } from "../settings";
import { database } from "./database";
import { extension } from "./extension";
import { grant } from "./grant";
import { role } from "./role";
import { schemas } from "./schemas";
import { postgresOf } from "./server";

export const attributes = {
  host: optional(text),
  port: optional(number),
  database: optional(text),
  username: optional(text),
  password: optional(text, { sensitive: true }),
  sslmode: optional(text),
  sslrootcert: optional(text),
  /** Of interest to the real one alone: whether it may read passwords back, which the stand-in never does. */
  superuser: optional(bool),
  connect_timeout: optional(number),
  max_connections: optional(number),
};

/** Stands in for cyrilgdn/postgresql 1.26.0: roles, databases, grants, extensions, the list of schemas. */
export function postgresqlProvider(env: NodeJS.ProcessEnv): Provider {
  return provider({
    address: "registry.terraform.io/cyrilgdn/postgresql",
    attributes,
    configure: (config) => once(() => postgresOf(config, env)),
    resources: {
      postgresql_database: database,
      postgresql_extension: extension,
      postgresql_grant: grant,
      postgresql_role: role,
    },
    dataSources: { postgresql_schemas: schemas },
  });
}
