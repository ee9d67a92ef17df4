import type { State } from "../protocol/schema";
import type { attributes } from "./role-attributes";
import type { Postgres } from "./server";

export type Role = State<typeof attributes>;

interface Row {
  rolname: string;
  rolsuper: boolean;
  rolinherit: boolean;
  rolcreaterole: boolean;
  rolcreatedb: boolean;
  rolcanlogin: boolean;
  rolreplication: boolean;
  rolbypassrls: boolean;
  rolconnlimit: number;
  valid_until: string;
  settings: string[] | null;
  roles: string[];
}

/** A role as it is now, null when there is none; what the server does not keep is taken from `known`. */
export async function readRole(postgres: Postgres, name: string, known: Role): Promise<Role | null> {
  const rows = await postgres.use((session) =>
    session.query<Row>(
      `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
              rolconnlimit, coalesce(rolvaliduntil::text, 'infinity') AS valid_until, rolconfig AS settings,
              ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = r.oid) AS roles
         FROM pg_roles r WHERE rolname = $1`,
      [name],
    ),
  );
  const [row] = rows;
  if (!row) return null;
  const setting = (key: string) => settingOf(row.settings ?? [], key);
  return {
    ...known,
    id: row.rolname,
    name: row.rolname,
    encrypted_password: true,
    valid_until: row.valid_until,
    login: row.rolcanlogin,
    superuser: row.rolsuper,
    create_database: row.rolcreatedb,
    create_role: row.rolcreaterole,
    inherit: row.rolinherit,
    replication: row.rolreplication,
    bypass_row_level_security: row.rolbypassrls,
    connection_limit: row.rolconnlimit,
    roles: row.roles,
    search_path: setting("search_path")?.split(", ").map(unquote) ?? [],
    statement_timeout: Number(setting("statement_timeout") ?? 0),
    idle_in_transaction_session_timeout: Number(setting("idle_in_transaction_session_timeout") ?? 0),
    assume_role: setting("role") ?? "",
    skip_reassign_owned: known.skip_reassign_owned ?? false,
    skip_drop_role: known.skip_drop_role ?? false,
  };
}

function settingOf(settings: string[], key: string): string | undefined {
  return settings.find((setting) => setting.startsWith(`${key}=`))?.slice(key.length + 1);
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
