import { provider, type Provider } from "../protocol/provider";
import { once } from "../settings";
import { database } from "./database";
import { extension } from "./extension";
import { grant } from "./grant";
import { role } from "./role";
import { schemas } from "./schemas";
import { attributes, postgresOf } from "./server";
import { tables } from "./tables";

/** Stands in for cyrilgdn/postgresql 1.26.0: roles, databases, grants, extensions, the names of schemas and tables. */
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
    dataSources: { postgresql_schemas: schemas, postgresql_tables: tables },
  });
}
