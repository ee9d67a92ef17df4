/** What the chapters of the lab's story share. */
import { Client, type ClientConfig } from "pg";
import type { Deployment, LabService } from "../deployment";
import { call } from "../servers/api";
import type { Lab } from "../servers/lab";
import type { NomadApi } from "./nomad-api";
import type { MovingService } from "./services";
import type { SqliteService } from "./sqlite-source";

export interface Stage {
  readonly lab: Lab;
  readonly nomad: NomadApi;
  readonly deployment: Deployment;
  /** Those that move and end the story on the server. */
  readonly moving: readonly MovingService[];
  /** Its first copy fails: one of its rows does not fit. */
  readonly spoilt: SqliteService;
  /** The app never gets healthy on the server, at its first cutover. */
  readonly unwell: SqliteService;
  /** On the server since before pgmoor. */
  readonly adopted: readonly LabService[];
  /** Whether stand-ins serve Terraform, and not the real providers. */
  readonly standIns: boolean;
  /** Told to the person who watches. */
  readonly say: (line: string) => void;
}

/** Name of the database and role of a service, which carry its name. */
export function databaseOf(service: Pick<LabService, "name">): string {
  return service.name.replaceAll("-", "_");
}

/** A secret of the lab's Vault. */
export async function readSecret(lab: Lab, name: string): Promise<Record<string, string>> {
  const answer = await call<{ data: { data: Record<string, string> } }>(
    `${lab.vault.address}/v1/secret/data/${name}`,
    { headers: { "X-Vault-Token": lab.vault.token } },
  );
  return answer.data.data;
}

/** `work` on a connection as the service's role, with the password that Vault has: so it is the one that works. */
export async function asService<T>(
  lab: Lab,
  service: LabService,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { username, password, database } = await readSecret(lab, `postgres/${databaseOf(service)}`);
  const client = new Client({
    ...placeOf(lab),
    user: username,
    password,
    database,
    application_name: "pgmoor lab",
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** `work` on a database of the server, as its admin. */
export async function asAdmin<T>(
  lab: Lab,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { username, password } = await readSecret(lab, "postgres/admin");
  const client = new Client({ ...placeOf(lab), user: username, password, database });
  await client.connect();
  // A server that is killed ends it.
  client.on("error", () => undefined);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function placeOf({ postgres: { host, port, ca } }: Lab): ClientConfig {
  return { host, port, ...(ca === undefined ? {} : { ssl: { ca } }) };
}
