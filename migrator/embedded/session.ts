import { Client } from "pg";
import { applicationName, mayPass, settings } from "../connection";
import type { Deadline } from "../deadline";
import { Failed, messageOf, Refused } from "../errors";

/** The variable that holds the password of the app's user on the embedded server. */
const passwordVariable = "PGMOOR_SOURCE_PASSWORD";

/** How the embedded server on the scratch copy is reached: by its socket, so that no port is taken and nobody else comes. */
export interface SourceAddress {
  /** Folder of the socket. */
  readonly socket: string;
  readonly user: string;
  readonly database: string;
}

/** libpq's variables for client programs. */
export function libpqVariables({ socket, user, database }: SourceAddress): Record<string, string> {
  return {
    PGHOST: socket,
    PGPORT: "5432",
    PGUSER: user,
    PGDATABASE: database,
    PGPASSWORD: password(),
    PGAPPNAME: applicationName,
  };
}

function password(): string {
  const value = process.env[passwordVariable];
  if (!value) throw new Refused(`not set in the environment: ${passwordVariable}`);
  return value;
}

/** Not there yet, or recovering. */
const starting = (error: unknown) => (error as { code?: string }).code === "ENOENT" || mayPass(error);

/**
 * A session of the app's user on the embedded server, with the settings that the target's sessions have. It sees all rows or
 * fails: policies that would hide some are off.
 * @throws Failed when it says no, or does not answer before the deadline.
 */
export async function connectSource(address: SourceAddress, deadline: Deadline): Promise<Client> {
  const { socket, user, database } = address;
  let last: unknown;
  const failure = () =>
    `the embedded server, database ${database}, user ${user}: ${messageOf(last)}. Its own words are in the log of the source task`;
  return deadline.until(async () => {
    const client = new Client({
      host: socket,
      port: 5432,
      user,
      database,
      password: password(),
      ssl: false,
      application_name: applicationName,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(`${settings}; SET row_security = off`);
      return client;
    } catch (error) {
      last = error;
      await client.end().catch(() => undefined);
      if (!starting(error)) throw new Failed(failure());
      return undefined;
    }
  }, failure);
}
