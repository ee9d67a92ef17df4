import { Fault } from "../protocol/fault";
import type { Grant } from "./grant-attributes";
import type { Session } from "./server";
import { identifier } from "./sql";

/** A type of object that privileges are granted on. */
export interface ObjectKind {
  /** What ALL stands for. */
  readonly privileges: readonly string[];
  /** Whether a grant names a schema. */
  readonly inSchema: boolean;
  /** Whether a grant is on several objects of the type, all of the schema's unless it names some. */
  readonly several: boolean;
  grant(grant: Grant): string;
  revoke(grant: Grant): string;
  /** The privileges that the role holds, for each object. */
  held(session: Session, grant: Grant, role: number): Promise<string[][]>;
}

/** By the name that the resource has for it. */
export const objectKinds: Readonly<Record<string, ObjectKind>> = {
  database: single(
    ["CREATE", "CONNECT", "TEMPORARY"],
    false,
    (grant) => `DATABASE ${identifier(grant.database ?? "")}`,
    {
      sql: "SELECT datacl AS acl FROM pg_database WHERE datname = $1",
      name: (grant) => grant.database,
    },
  ),
  schema: single(["CREATE", "USAGE"], true, (grant) => `SCHEMA ${identifier(grant.schema ?? "")}`, {
    sql: "SELECT nspacl AS acl FROM pg_namespace WHERE nspname = $1",
    name: (grant) => grant.schema,
  }),
  table: several("TABLE", "r", ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]),
  sequence: several("SEQUENCE", "S", ["USAGE", "SELECT", "UPDATE"]),
};

function single(
  privileges: string[],
  inSchema: boolean,
  object: (grant: Grant) => string,
  acl: { sql: string; name: (grant: Grant) => string | null },
): ObjectKind {
  return {
    privileges,
    inSchema,
    several: false,
    grant: (grant) => grantOn(object(grant), grant),
    revoke: (grant) => `REVOKE ALL PRIVILEGES ON ${object(grant)} FROM ${grantee(grant)}`,
    async held(session, grant, role) {
      const rows = await session.query<{ privilege: string }>(
        `SELECT privilege_type AS privilege FROM (SELECT (aclexplode(acl)).* FROM (${acl.sql}) o) p WHERE grantee = $2::bigint::oid`,
        [acl.name(grant), role],
      );
      return [rows.map(({ privilege }) => privilege)];
    },
  };
}

function several(word: string, relkind: string, privileges: string[]): ObjectKind {
  const objects = ({ schema, objects: named }: Grant) =>
    named?.length
      ? `${word} ${named.map((name) => `${identifier(schema ?? "")}.${identifier(name)}`).join(", ")}`
      : `ALL ${word}S IN SCHEMA ${identifier(schema ?? "")}`;
  return {
    privileges,
    inSchema: true,
    several: true,
    grant: (grant) => grantOn(objects(grant), grant),
    revoke(grant) {
      // Of named objects only what was granted: grants on their columns are to stay.
      const what = grant.objects?.length && grant.privileges?.length ? words(grant) : "ALL PRIVILEGES";
      return `REVOKE ${what} ON ${objects(grant)} FROM ${grantee(grant)}`;
    },
    async held(session, grant, role) {
      const rows = await session.query<{ held: string[] }>(
        `SELECT ARRAY(SELECT privilege_type FROM aclexplode(relacl) WHERE grantee = $2::bigint::oid) AS held
           FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
          WHERE nspname = $1 AND relkind = $3 AND ($4::text[] IS NULL OR relname = ANY ($4))
          ORDER BY relname`,
        [grant.schema, role, relkind, grant.objects?.length ? grant.objects : null],
      );
      return rows.map(({ held }) => held);
    },
  };
}

function grantOn(object: string, grant: Grant): string {
  const option = grant.with_grant_option ? " WITH GRANT OPTION" : "";
  return `GRANT ${words(grant)} ON ${object} TO ${grantee(grant)}${option}`;
}

/** A role; PostgreSQL takes the word public for everyone, quoted or not. */
function grantee({ role }: Grant): string {
  return identifier(role ?? "");
}

/** Privileges are bare words in SQL, so none goes there that is not one of the type's. */
function words({ object_type: type, privileges }: Grant): string {
  const allowed = ["ALL", ...(objectKinds[type ?? ""]?.privileges ?? [])];
  const stranger = privileges?.find((privilege) => !allowed.includes(privilege));
  if (stranger !== undefined) {
    throw new Fault(`${stranger} is not a privilege of a ${type}`, `There are ${allowed.join(", ")}.`);
  }
  return (privileges ?? []).join(", ");
}
