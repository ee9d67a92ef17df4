import { Fault } from "../protocol/fault";
import { resource } from "../protocol/provider";
import { Unknown } from "../protocol/value";
import type { Grant } from "./grant-attributes";
import { attributes } from "./grant-attributes";
import { objectKinds, type ObjectKind } from "./grant-objects";
import { asMemberOf, lockDatabase, lockRole } from "./privileged";
import type { Postgres, PostgresOf, Session } from "./server";

/** What a role may do with objects of one type; no privileges at all means that all are revoked. */
export const grant = resource<PostgresOf>()({
  attributes,
  validate(config) {
    const { object_type: type, schema, objects, privileges } = config;
    if (type instanceof Unknown || type === null) return [];
    const kind = objectKinds[type];
    if (!kind) {
      const allowed = Object.keys(objectKinds).join(", ");
      return [
        new Fault(`The stand-in grants nothing on a ${type}`, `It knows ${allowed}.`, {
          attribute: "object_type",
        }),
      ];
    }
    const faults: Fault[] = [];
    if (kind.inSchema && schema === null) faults.push(new Fault(`A grant on a ${type} needs a schema`));
    if (!kind.several && Array.isArray(objects) && objects.length > 0) {
      faults.push(new Fault(`A grant on a ${type} takes no objects`, "", { attribute: "objects" }));
    }
    for (const privilege of Array.isArray(privileges) ? privileges : []) {
      if (typeof privilege !== "string" || privilege === "ALL" || kind.privileges.includes(privilege))
        continue;
      const allowed = ["ALL", ...kind.privileges].join(", ");
      faults.push(
        new Fault(`${privilege} is not a privilege of a ${type}`, `There are ${allowed}.`, {
          attribute: "privileges",
        }),
      );
    }
    return faults;
  },
  async create(wanted, _config, { client }) {
    return write(client(), wanted, wanted);
  },
  read: (state, { client }) => readGrant(client(), state),
  async update(prior, wanted, _config, { client }) {
    return write(client(), prior, wanted);
  },
  async delete(state, { client }) {
    await change(client(), state, (session, kind) => session.query(kind.revoke(state)));
  },
});

/** Revokes what was and grants what shall be, in one transaction: the role is never without. */
async function write(postgres: Postgres, prior: Grant, wanted: Grant): Promise<Grant> {
  await change(postgres, wanted, async (session, kind) => {
    await session.query(kind.revoke(prior));
    if (wanted.privileges?.length) await session.query(kind.grant(wanted));
  });
  const written = await readGrant(postgres, wanted);
  if (!written)
    throw new Fault(
      `Role, database or schema of the grant to ${wanted.role} disappeared right after it was granted`,
    );
  return written;
}

async function change(
  postgres: Postgres,
  wanted: Grant,
  work: (session: Session, kind: ObjectKind) => Promise<unknown>,
): Promise<void> {
  const kind = kindOf(wanted);
  const { role, database } = wanted;
  await postgres.transaction(async (session) => {
    await lockRole(session, role ?? "");
    if (wanted.object_type === "database") await lockDatabase(session, database ?? "");
    const owners = kind.inSchema ? await ownersIn(session, wanted) : [];
    await asMemberOf(session, owners, () => work(session, kind));
  }, database ?? undefined);
}

/** Who owns the schema, and the tables in it where they are what is granted. */
async function ownersIn(session: Session, { schema, object_type }: Grant): Promise<string[]> {
  const owners = await session.query<{ name: string }>(
    `SELECT DISTINCT CASE WHEN pg_get_userbyid(owner) = 'pg_database_owner'
                          THEN (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())
                          ELSE pg_get_userbyid(owner) END::text AS name
       FROM (SELECT nspowner AS owner FROM pg_namespace WHERE nspname = $1
             UNION SELECT relowner FROM pg_class
                     JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1 AND relkind = 'r' AND $2) AS owners`,
    [schema, object_type !== "schema"],
  );
  return owners.map(({ name }) => name);
}

/** Null when role, database or schema is gone. The privileges are the first ones that differ from the state's. */
async function readGrant(postgres: Postgres, state: Grant): Promise<Grant | null> {
  const kind = kindOf(state);
  const { role, database } = state;
  const [found] = await postgres.use((session) =>
    session.query<{ database: boolean; role: number | null }>(
      `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database,
              CASE WHEN $2 = 'public' THEN 0 ELSE (SELECT oid::bigint::float8 FROM pg_roles WHERE rolname = $2) END AS role`,
      [database, role],
    ),
  );
  if (!found?.database || found.role === null) return null;
  return postgres.use(async (session) => {
    if (kind.inSchema) {
      const schemas = await session.query("SELECT FROM pg_namespace WHERE nspname = $1", [state.schema]);
      if (schemas.length === 0) return null;
    }
    const held = await kind.held(session, state, found.role ?? 0);
    const other = held.find((privileges) => !samePrivileges(kind, state.privileges ?? [], privileges));
    return { ...state, id: idOf(kind, state), privileges: other ?? state.privileges };
  }, database ?? undefined);
}

function samePrivileges(kind: ObjectKind, wanted: string[], held: string[]): boolean {
  const all = wanted.includes("ALL") ? kind.privileges : wanted;
  return new Set(held).size === new Set(all).size && held.every((privilege) => all.includes(privilege));
}

function idOf(kind: ObjectKind, state: Grant): string {
  const schema = kind.inSchema ? [state.schema] : [];
  return [state.role, state.database, ...schema, state.object_type, ...(state.objects ?? [])].join("_");
}

function kindOf({ object_type: type }: Grant): ObjectKind {
  const kind = objectKinds[type ?? ""];
  if (!kind) throw new Fault(`The stand-in grants nothing on a ${type}`);
  return kind;
}
