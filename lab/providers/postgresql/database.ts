import { resource } from "../protocol/provider";
import {
  bool,
  defaulted,
  number,
  optionalComputed,
  required,
  text,
  type State,
  type Wanted,
} from "../protocol/schema";
import { asMemberOf, lockRole } from "./privileged";
import type { Postgres, PostgresOf, Session } from "./server";
import { identifier, literal } from "./sql";

const attributes = {
  id: optionalComputed(text),
  name: required(text),
  owner: optionalComputed(text),
  template: optionalComputed(text, { forceNew: true }),
  encoding: optionalComputed(text, { forceNew: true }),
  lc_collate: optionalComputed(text, { forceNew: true }),
  lc_ctype: optionalComputed(text, { forceNew: true }),
  tablespace_name: optionalComputed(text),
  connection_limit: defaulted(number, -1),
  allow_connections: defaulted(bool, true),
  is_template: optionalComputed(bool),
  alter_object_ownership: defaulted(bool, false),
};

type Database = State<typeof attributes>;

/** A database, `id` its name. */
export const database = resource<PostgresOf>()({
  attributes,
  async create(wanted, _config, { client }) {
    const postgres = client();
    await asOwner(postgres, wanted.owner, (session) => session.query(createStatement(wanted, postgres.user)));
    return { ...wanted, id: wanted.name };
  },
  read: (state, { client }) => readDatabase(client(), state.id ?? "", state),
  async update(prior, wanted, _config, { client }) {
    await alter(client(), prior, wanted);
    return { ...wanted, id: wanted.name };
  },
  async delete(state, { client }) {
    const name = state.name ?? "";
    await asOwner(client(), state.owner, async (session) => {
      // A template cannot be dropped, and nobody is to come back while the sessions are ended.
      await session.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false ALLOW_CONNECTIONS false`);
      await session.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
    });
  },
  import: (id) => ({ id }),
});

/** Works as a member of the owner, outside a transaction; the lock keeps two of these apart. */
async function asOwner(
  postgres: Postgres,
  owner: string | null,
  work: (session: Session) => Promise<unknown>,
): Promise<void> {
  await postgres.use(async (session) => {
    await lockRole(session, postgres.user, "session");
    await asMemberOf(session, owner ? [owner] : [], () => work(session));
  });
}

function createStatement(wanted: Wanted<typeof attributes>, user: string): string {
  const options = [
    `OWNER ${identifier(wanted.owner || user)}`,
    `TEMPLATE ${identifier(wanted.template || "template0")}`,
    `ENCODING ${literal(wanted.encoding || "UTF8")}`,
    wanted.lc_collate && `LC_COLLATE ${literal(wanted.lc_collate)}`,
    wanted.lc_ctype && `LC_CTYPE ${literal(wanted.lc_ctype)}`,
    wanted.tablespace_name && `TABLESPACE ${identifier(wanted.tablespace_name)}`,
    `ALLOW_CONNECTIONS ${wanted.allow_connections}`,
    `CONNECTION LIMIT ${wanted.connection_limit}`,
    `IS_TEMPLATE ${wanted.is_template ?? false}`,
  ];
  return `CREATE DATABASE ${identifier(wanted.name)} ${options.filter(Boolean).join(" ")}`;
}

async function alter(postgres: Postgres, prior: Database, wanted: Wanted<typeof attributes>): Promise<void> {
  const name = identifier(wanted.name);
  const changed = (attribute: keyof Database) => prior[attribute] !== wanted[attribute];
  const { owner } = wanted;
  if (prior.name !== null && changed("name")) {
    await postgres.use((session) =>
      session.query(`ALTER DATABASE ${identifier(prior.name ?? "")} RENAME TO ${name}`),
    );
  }
  if (owner && changed("owner")) {
    if (wanted.alter_object_ownership && prior.owner)
      await reassign(postgres, wanted.name, prior.owner, owner);
    await asOwner(postgres, owner, (session) =>
      session.query(`ALTER DATABASE ${name} OWNER TO ${identifier(owner)}`),
    );
  }
  await postgres.use(async (session) => {
    if (changed("tablespace_name") && wanted.tablespace_name) {
      await session.query(`ALTER DATABASE ${name} SET TABLESPACE ${identifier(wanted.tablespace_name)}`);
    }
    const options = [
      changed("connection_limit") && `CONNECTION LIMIT ${wanted.connection_limit}`,
      changed("allow_connections") && `ALLOW_CONNECTIONS ${wanted.allow_connections}`,
      changed("is_template") && `IS_TEMPLATE ${wanted.is_template ?? false}`,
    ].filter(Boolean);
    if (options.length > 0) await session.query(`ALTER DATABASE ${name} ${options.join(" ")}`);
  });
}

/** Hands over, inside the database, what the old owner owns. */
async function reassign(postgres: Postgres, database: string, from: string, to: string): Promise<void> {
  await postgres.transaction(async (session) => {
    await lockRole(session, postgres.user);
    await asMemberOf(session, [from, to], () =>
      session.query(`REASSIGN OWNED BY ${identifier(from)} TO ${identifier(to)}`),
    );
  }, database);
}

async function readDatabase(postgres: Postgres, name: string, known: Database): Promise<Database | null> {
  const [row] = await postgres.use((session) =>
    session.query<Omit<Database, "id" | "template" | "alter_object_ownership">>(
      `SELECT datname AS name, pg_get_userbyid(datdba)::text AS owner, pg_encoding_to_char(encoding)::text AS encoding,
              datcollate::text AS lc_collate, datctype::text AS lc_ctype, spcname::text AS tablespace_name,
              datconnlimit AS connection_limit, datallowconn AS allow_connections, datistemplate AS is_template
         FROM pg_database JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = $1`,
      [name],
    ),
  );
  return row ? { ...known, ...row, id: row.name, template: known.template || "template0" } : null;
}
