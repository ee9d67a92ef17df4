import { Database } from "@cdktf/provider-postgresql/lib/database";
import { Extension } from "@cdktf/provider-postgresql/lib/extension";
import { Grant } from "@cdktf/provider-postgresql/lib/grant";
import { Role } from "@cdktf/provider-postgresql/lib/role";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { monitors } from "../services/monitoring";
import { extensionSchemas } from "../services/server-images";
import { addressName, literal, named, quoted } from "./terraform";

export interface PostgresDatabaseProps {
  readonly service: string;
  /** Name of the database and of the role that owns it. */
  readonly name: string;
  readonly connectionLimit: number;
  readonly extensions: readonly string[];
  /** Roles whose rights the role has, such as PostgreSQL's own `pg_monitor`. @default none */
  readonly memberOf?: readonly string[];
  /** Whether those who watch (`pg_monitor`) may connect: they see its statistics and no row. @default false */
  readonly watched?: boolean;
  /** What is there already. It is imported, if the state does not have it. */
  readonly existing: { readonly role: boolean; readonly database: boolean };
  /** The role's password, an ephemeral expression, and its version. Absent: the role keeps the one it has. */
  readonly password?: {
    readonly value: string;
    readonly version: number;
    readonly after: ITerraformDependable | undefined;
  };
}

/**
 * Stops a plan that would rename: the provider renames in place, below the running job. The id is the name that the server has,
 * and unknown until there is one.
 */
function keepsName(what: string, { service, name }: PostgresDatabaseProps) {
  return {
    condition: `\${self.id == ${quoted(name)}}`,
    errorMessage: `${literal(`The ${what} of ${service} would be renamed to ${name} while its job uses it. Set definition.database.name to its name on the server: `)}\${self.id}`,
  };
}

/** The grant that lets those who watch in. */
export const watchedName = (service: string): string => `${addressName(service)}_watched`;

/** The grant on an extension's own schema. */
export function usageName(service: string, extension: string): string {
  return `${addressName(service)}_${addressName(extension)}_usage`;
}

/**
 * A service's role and the database it owns on the central PostgreSQL. Nobody else may connect. From PostgreSQL 15 on the
 * schema `public` belongs to the database's owner, so the role can make its tables and needs no other grant.
 */
export class PostgresDatabase extends Construct {
  /** What has to be there before anything connects as the role. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PostgresDatabaseProps) {
    super(scope, id);
    const name = addressName(props.service);

    const role = named(
      new Role(this, "role", {
        name: props.name,
        login: true,
        connectionLimit: props.connectionLimit,
        ...(props.memberOf === undefined ? {} : { roles: [...props.memberOf] }),
        passwordWo: props.password?.value,
        passwordWoVersion: props.password?.version.toString(),
        dependsOn: props.password?.after === undefined ? undefined : [props.password.after],
        lifecycle: { preventDestroy: true, postcondition: [keepsName("role", props)] },
      }),
      name,
    );
    const database = named(
      new Database(this, "database", {
        name: props.name,
        owner: role.name,
        // Encoding and locale as the homelab's server has them; `template0` is the one that any locale can be made from.
        // They are for a database that is made here. One that exists keeps what it has: it could not be changed in place.
        encoding: "UTF8",
        lcCollate: "C",
        lcCtype: "C",
        template: "template0",
        lifecycle: {
          preventDestroy: true,
          postcondition: [keepsName("database", props)],
          ignoreChanges: ["encoding", "lc_collate", "lc_ctype", "template"],
        },
      }),
      name,
    );
    if (props.existing.role) role.importFrom(props.name);
    if (props.existing.database) database.importFrom(props.name);
    const revoked = named(
      new Grant(this, "connect", {
        database: database.name,
        role: "public",
        objectType: "database",
        // None: CONNECT and TEMPORARY, which everyone has by default, are taken from PUBLIC.
        privileges: [],
      }),
      `${name}_public`,
    );
    // One after the other: the provider's concurrent changes of one database fail with "tuple concurrently updated".
    const chain: ITerraformDependable[] = [revoked];
    if (props.watched)
      chain.push(
        named(
          new Grant(this, "watched", {
            database: database.name,
            role: monitors,
            objectType: "database",
            privileges: ["CONNECT"],
            dependsOn: [revoked],
          }),
          watchedName(props.service),
        ),
      );
    for (const extension of props.extensions) {
      const made = named(
        new Extension(this, `extension-${extension}`, {
          name: extension,
          database: database.name,
          dependsOn: chain.slice(-1),
          lifecycle: { preventDestroy: true },
        }),
        `${name}_${addressName(extension)}`,
      );
      chain.push(made);
      const schema = extensionSchemas[extension];
      if (schema !== undefined)
        chain.push(
          named(
            new Grant(this, `usage-${extension}`, {
              database: database.name,
              role: role.name,
              objectType: "schema",
              schema,
              privileges: ["USAGE"],
              dependsOn: [made],
            }),
            usageName(props.service, extension),
          ),
        );
    }
    this.ready = [role, database, ...chain];
  }
}
