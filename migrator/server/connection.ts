import * as fs from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Client } from "pg";
import type { Deadline } from "../base/deadline";
import { Failed, messageOf, Refused } from "../base/errors";
import type { DatabaseLogin } from "./login";

/** Under this name our sessions appear in pg_stat_activity. */
export const applicationName = "pgmoor";

/** How PostgreSQL prints values for us, whatever the role, database or server is set to; checksums rest on it. */
export const settings = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO, YMD'",
  "SET IntervalStyle = 'postgres'",
  "SET extra_float_digits = 1",
  "SET bytea_output = 'hex'",
  "SET lc_monetary = 'C'",
  "SET standard_conforming_strings = on",
  // Off, it makes text of the NULL in an array.
  "SET array_nulls = on",
  "SET statement_timeout = 0",
  "SET idle_in_transaction_session_timeout = 0",
  "SET lock_timeout = '10s'",
  "SET client_min_messages = warning",
  // Not every release has them. A session waits while the app builds its schema.
  "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')",
].join("; ");

/** A server that is reached by its socket has just been started on this machine. */
const retryMilliseconds = { socket: 100, network: 500 };

type Ssl = false | ConnectionOptions;

/** What libpq means by PGSSLMODE; node's pg reads `require` as "verify" and cannot fall back. In order of trial. */
function sslAttempts({ PGSSLMODE: mode = "prefer", PGSSLROOTCERT: root }: DatabaseLogin["variables"]): Ssl[] {
  const unverified: Ssl = { rejectUnauthorized: false };
  // `system` is libpq's word for the authorities that are trusted anyway.
  const ca = root && root !== "system" ? fs.readFileSync(root, "utf8") : undefined;
  switch (mode) {
    case "disable":
      return [false];
    case "allow":
      return [false, unverified];
    case "prefer":
      return [unverified, false];
    case "require":
      return [unverified];
    case "verify-ca":
      return [{ ca, checkServerIdentity: () => undefined }];
    case "verify-full":
      return [{ ca }];
    default:
      throw new Refused(
        `PGSSLMODE is "${mode}"; allowed: disable, allow, prefer, require, verify-ca, verify-full`,
      );
  }
}

/** Nobody is there, or not in that place: for one who waits, not yet. ENOENT is a socket's. */
const absent = ["ECONNREFUSED", "EHOSTUNREACH", "ENOTFOUND", "ENOENT"];

/**
 * What a moment may mend: a server that is restarting or full, a network or a name that is not there yet. A wrong password,
 * role or database (28P01, 28000, 3D000) is not among them.
 */
const passing = [...absent, "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "57P03", "53300"];

const codeOf = (error: unknown) => (error as { code?: string }).code ?? "";

/** pg's own limit of time carries no code. */
const mayPass = (error: unknown) => passing.includes(codeOf(error)) || /timeout/.test(messageOf(error));

/** It asks for a password, and we have none to send. */
class NoPassword extends Error {}

/** There is no server, or no such database on it. */
export class NotThere extends Failed {}

/** How long a connection is tried for. */
export interface Patience {
  readonly deadline: Deadline;
  /** Told once, when the wait begins. */
  readonly log: (line: string) => void;
}

/**
 * A session of a server's role, with our fixed settings.
 * @param patience to try again until a deadline what a moment may mend. Default a single try.
 * @throws Refused for a missing variable, Failed when the server cannot be reached or says no.
 */
export async function connect(server: DatabaseLogin, patience?: Patience): Promise<Client> {
  const missing = ["PGHOST", "PGUSER", "PGDATABASE"].filter((name) => !server.variables[name]);
  if (missing.length > 0) throw new Refused(`not set in the environment: ${missing.join(", ")}`);
  const { PGUSER: user, PGDATABASE: database } = server.variables;
  let last: unknown;
  const failure = () => {
    const place = `${server.label}, database ${database}, role ${user}`;
    if (last instanceof NoPassword) return `${place} requires a password. Put it into ${server.passwordIn}`;
    return `${place}: ${messageOf(last)}. ${server.advice}`;
  };
  const attempt = async () => {
    try {
      return await connectOnce(server, patience?.deadline.remaining ?? Infinity);
    } catch (error) {
      if (error instanceof Refused) throw error;
      const first = last === undefined;
      last = error;
      if (patience === undefined && [...absent, "3D000"].includes(codeOf(error)))
        throw new NotThere(failure());
      if (patience === undefined || !mayPass(error)) throw new Failed(failure());
      if (first) patience.log(`waiting for ${server.label}: ${messageOf(error)}`);
      return undefined;
    }
  };
  if (patience === undefined) return (await attempt()) as Client;
  const kind = server.variables.PGHOST?.startsWith("/") ? "socket" : "network";
  return patience.deadline.until(attempt, failure, retryMilliseconds[kind]);
}

/** A session, in one try. Tries TLS or not, as PGSSLMODE says; throws what the last of them threw, with the server's code. */
export async function connectOnce({ variables }: DatabaseLogin, milliseconds: number): Promise<Client> {
  const { PGHOST: host, PGPORT: port = "5432", PGUSER: user, PGDATABASE: database } = variables;
  let last: unknown;
  for (const ssl of sslAttempts(variables)) {
    const client = new Client({
      host,
      port: Number(port),
      user,
      database,
      // Asked for only where it is wanted; one that is left out here, pg would take from the environment.
      password: () => {
        if (!variables.PGPASSWORD) throw new NoPassword();
        return variables.PGPASSWORD;
      },
      ssl,
      application_name: applicationName,
      options: variables.PGOPTIONS,
      // Not so short at the end that it hides what was wrong.
      connectionTimeoutMillis: Math.max(500, Math.min(10_000, milliseconds)),
      keepAlive: true,
    });
    // A lost connection fails the statement at work, which says so; without a listener it would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(settings);
      return client;
    } catch (error) {
      last = error;
      await client.end().catch(() => undefined);
    }
  }
  throw last;
}

/** Ends a session politely; a server that does not answer is not waited for. */
export async function endSession(client: Client): Promise<void> {
  const patience = setTimeout(() => cutOff(client), 2000);
  await client.end().catch(() => undefined);
  clearTimeout(patience);
}

/** Cuts a session off at once; the server rolls back what it had not committed. */
export function cutOff(client: Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}
