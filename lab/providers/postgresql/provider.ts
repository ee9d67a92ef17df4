import { provider, type Provider } from "../protocol/provider";
import { once } from "../settings";
import { database } from "./database";
import { extension } from "./extension";
import { grant } from "./grant";
import { role } from "./role";
import { schemas } from "./schemas";
import { attributes, postgresOf } from "./server";

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
