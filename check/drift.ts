/** How a service's role and database on the server differ from what pgmoor made: somebody has changed them by hand. */
import type { Client } from "pg";
import type { EnvironmentService } from "../environments/model/environment";
import { databaseName } from "../services/definition";

/** A database, and the role of its name. */
export interface DatabaseFound {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly allowsConnections: boolean;
  /** Whether everybody who may log in may connect to it. */
  readonly open: boolean;
  /** The role's; all `null` when there is none. */
  readonly canLogin: boolean | null;
  readonly limit: number | null;
  readonly powerful: boolean | null;
  readonly expired: boolean | null;
  readonly readOnly: boolean | null;
}

/** A right that a database's list does not mention is the default: PUBLIC may connect. */
const databasesSql = `
  SELECT d.datname AS name, o.rolname AS owner, pg_encoding_to_char(d.encoding) AS encoding,
         d.datallowconn AS "allowsConnections",
         d.datacl IS NULL OR EXISTS (SELECT FROM aclexplode(d.datacl) WHERE grantee = 0 AND privilege_type = 'CONNECT') AS open,
         r.rolcanlogin AS "canLogin", r.rolconnlimit AS limit,
         r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS powerful,
         coalesce(r.rolvaliduntil < now(), false) AS expired,
         EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
                  WHERE (s.setrole = r.oid AND s.setdatabase IN (0, d.oid) OR s.setrole = 0 AND s.setdatabase = d.oid)
                    AND setting IN ('default_transaction_read_only=on', 'default_transaction_read_only=true')) AS "readOnly"
    FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba LEFT JOIN pg_roles r ON r.rolname = d.datname
   WHERE d.datname = ANY ($1)`;

export async function databasesOf(client: Client, names: readonly string[]): Promise<DatabaseFound[]> {
  return (await client.query<DatabaseFound>(databasesSql, [names])).rows;
}

/**
 * A sentence for each difference, with what to run. Nothing of one that is not there: the next deploy makes it.
 * @param deployed whether pgmoor has made or adopted it: before, its rights are somebody else's
 */
export function driftOf(
  { definition }: EnvironmentService,
  databases: readonly DatabaseFound[],
  deployed: boolean,
): string[] {
  const name = databaseName(definition);
  const found = databases.find((one) => one.name === name);
  if (found === undefined) return [];
  return [
    // "permission denied for schema public", from PostgreSQL 15 on.
    ...(found.owner === name
      ? []
      : [
          `the database ${name} belongs to the role ${found.owner}: the service may not make tables in its schema public. Run ALTER DATABASE ${name} OWNER TO ${name}`,
        ]),
    ...(found.encoding === "UTF8"
      ? []
      : [
          `the database ${name} has the encoding ${found.encoding}, and texts of the service may not fit. Dump it, create it again with ENCODING 'UTF8', and restore it`,
        ]),
    ...(found.allowsConnections
      ? []
      : [`the database ${name} takes no connections. Run ALTER DATABASE ${name} ALLOW_CONNECTIONS true`]),
    ...(deployed && found.open
      ? [
          `every role of the server may connect to the database ${name}: pgmoor had revoked that. Run REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`,
        ]
      : []),
    ...(found.readOnly
      ? [
          `sessions of the role ${name} are read-only (default_transaction_read_only). Run ALTER ROLE ${name} RESET default_transaction_read_only, and the same for the database`,
        ]
      : []),
    ...(found.canLogin === false ? [`the role ${name} may not log in. Run ALTER ROLE ${name} LOGIN`] : []),
    ...(found.expired
      ? [`the password of the role ${name} has expired. Run ALTER ROLE ${name} VALID UNTIL 'infinity'`]
      : []),
    ...(deployed && found.powerful
      ? [
          `the role ${name} has rights beyond its database. Run ALTER ROLE ${name} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`,
        ]
      : []),
  ];
}

/** What the next deploy changes of the role. */
export function limitChange(
  { definition }: EnvironmentService,
  databases: readonly DatabaseFound[],
): string | undefined {
  const name = databaseName(definition);
  const limit = databases.find((one) => one.name === name)?.limit;
  const wanted = definition.database.connectionLimit;
  if (limit == null || limit === wanted) return undefined;
  return `the role ${name} may have ${limit === -1 ? "any number of" : limit} connections, and after a deploy ${wanted}`;
}
