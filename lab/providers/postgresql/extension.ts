import { Fault } from "../protocol/fault";
import { resource } from "../protocol/provider";
import { bool, defaulted, optionalComputed, required, text, type State } from "../protocol/schema";
import type { Postgres, PostgresOf } from "./server";
import { identifier } from "./sql";

const attributes = {
  id: optionalComputed(text),
  name: required(text, { forceNew: true }),
  database: optionalComputed(text, { forceNew: true }),
  schema: optionalComputed(text),
  version: optionalComputed(text),
  create_cascade: defaulted(bool, false),
  drop_cascade: defaulted(bool, false),
};

type Extension = State<typeof attributes>;

/** An extension in one database, `id` both names: `immich.vector`. */
export const extension = resource<PostgresOf>()({
  attributes,
  async create(wanted, _config, { client }) {
    const postgres = client();
    const options = [
      wanted.schema && `SCHEMA ${identifier(wanted.schema)}`,
      wanted.version && `VERSION ${identifier(wanted.version)}`,
      wanted.create_cascade && "CASCADE",
    ];
    await postgres.use(
      (session) =>
        session.query(
          `CREATE EXTENSION IF NOT EXISTS ${identifier(wanted.name)} ${options.filter(Boolean).join(" ")}`,
        ),
      wanted.database || postgres.database,
    );
    return wanted;
  },
  read: (state, { client }) => readExtension(client(), state),
  async update(prior, wanted, _config, { client }) {
    const name = identifier(wanted.name);
    await client().transaction(async (session) => {
      if (wanted.schema && wanted.schema !== prior.schema) {
        await session.query(`ALTER EXTENSION ${name} SET SCHEMA ${identifier(wanted.schema)}`);
      }
      if (wanted.version && wanted.version !== prior.version) {
        await session.query(`ALTER EXTENSION ${name} UPDATE TO ${identifier(wanted.version)}`);
      }
    }, wanted.database ?? undefined);
    return wanted;
  },
  async delete(state, { client }) {
    const mode = state.drop_cascade ? "CASCADE" : "RESTRICT";
    await client().use(
      (session) => session.query(`DROP EXTENSION ${identifier(state.name ?? "")} ${mode}`),
      state.database ?? undefined,
    );
  },
  import(id) {
    const [database, name, ...more] = id.split(".");
    if (!database || !name || more.length > 0) {
      throw new Fault(
        `${JSON.stringify(id)} is not the ID of an extension`,
        "Write it as DATABASE.EXTENSION.",
      );
    }
    return { id, database, name };
  },
});

async function readExtension(postgres: Postgres, known: Extension): Promise<Extension | null> {
  const database = known.database || postgres.database;
  const databases = await postgres.use((session) =>
    session.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]),
  );
  if (databases.length === 0) return null;
  const [row] = await postgres.use(
    (session) =>
      session.query<{ schema: string; version: string }>(
        `SELECT nspname::text AS schema, extversion AS version
           FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = $1`,
        [known.name],
      ),
    database,
  );
  return row ? { ...known, ...row, id: `${database}.${known.name}`, database } : null;
}
