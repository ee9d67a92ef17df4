import { readFileSync } from "node:fs";
import { Client, type ClientConfig, type QueryResultRow } from "pg";
import { Fault, wordsOf } from "../protocol/fault";
import type { Draft } from "../protocol/schema";
import { text, optional, number, bool } from "../protocol/schema";
import { configured } from "../settings";
import { connectionFault, queryFault } from "./errors";

/** The provider's configuration. */
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

/** Connects on first use. */
export type PostgresOf = () => Postgres;

/** A session with one database. */
export interface Session {
  /** @throws a {@link Fault} with the server's message */
  query<R extends QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>;
}

/** A PostgreSQL server and who asks it. */
export class Postgres {
  private free: number;
  private readonly queue: (() => void)[] = [];

  constructor(
    private readonly connection: ClientConfig,
    maxConnections: number,
  ) {
    this.free = maxConnections > 0 ? maxConnections : Infinity;
  }

  /** The role that asks. */
  get user(): string {
    return this.connection.user ?? "";
  }

  /** The database of the provider's configuration. */
  get database(): string {
    return this.connection.database ?? "";
  }

  /**
   * Works in a session of its own; none is kept, since an open one would stand in the way of a DROP DATABASE.
   *
   * @param database @default the configuration's
   */
  async use<T>(work: (session: Session) => Promise<T>, database = this.database): Promise<T> {
    await this.enter();
    const client = new Client({ ...this.connection, database });
    // A connection that breaks fails the query at hand; without a listener it would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect().catch((error: unknown) => {
        throw connectionFault(error, { ...this.connection, database });
      });
      return await work({
        query: async <R extends QueryResultRow>(sql: string, values?: unknown[]) => {
          const result = await client.query<R>(sql, values).catch((error: unknown) => {
            throw queryFault(error);
          });
          return result.rows;
        },
      });
    } finally {
      await client.end().catch(() => undefined);
      this.leave();
    }
  }

  /** As {@link use}, in one transaction. */
  async transaction<T>(work: (session: Session) => Promise<T>, database = this.database): Promise<T> {
    return this.use(async (session) => {
      await session.query("BEGIN");
      // Ending the session without a COMMIT rolls back.
      const result = await work(session);
      await session.query("COMMIT");
      return result;
    }, database);
  }

  private async enter(): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((admit) => this.queue.push(admit));
  }

  private leave(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.free++;
  }
}

/** The server that a configuration, and for what it leaves out the environment, names. */
export function postgresOf(config: Draft<typeof attributes>, env: NodeJS.ProcessEnv): Postgres {
  const setting = configured("postgresql", config);
  const host = setting("host") ?? env.PGHOST ?? "localhost";
  return new Postgres(
    {
      host,
      port: setting("port") ?? Number(env.PGPORT ?? 5432),
      database: setting("database") ?? env.PGDATABASE ?? "postgres",
      user: setting("username") ?? env.PGUSER ?? "postgres",
      // Never pg's own look into the environment or ~/.pgpass.
      password: setting("password") ?? env.PGPASSWORD ?? "",
      ssl: tls(setting("sslmode") ?? env.PGSSLMODE ?? "require", setting("sslrootcert")),
      connectionTimeoutMillis: 1000 * (setting("connect_timeout") ?? Number(env.PGCONNECT_TIMEOUT ?? 180)),
      application_name: "Terraform provider",
    },
    setting("max_connections") ?? 20,
  );
}

/** The modes that the real provider's library knows, with its meaning: `require` takes any certificate. */
function tls(mode: string, rootCertificate: string | undefined): ClientConfig["ssl"] {
  const ca = rootCertificate === undefined ? undefined : readCertificate(rootCertificate);
  switch (mode) {
    case "disable":
      return false;
    case "require":
      return ca ? { ca, checkServerIdentity: () => undefined } : { rejectUnauthorized: false };
    case "verify-ca":
      return { ca, checkServerIdentity: () => undefined };
    case "verify-full":
      return { ca };
    default:
      throw new Fault(
        `Provider postgresql does not know sslmode ${JSON.stringify(mode)}`,
        "It knows disable, require (the default), verify-ca and verify-full.",
      );
  }
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Fault(`Provider postgresql cannot read its sslrootcert`, wordsOf(error));
  }
}
