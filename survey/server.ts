/** Where the central PostgreSQL is, and how a role logs in and asks there. */
import { resolve } from "node:path";
import type { Client } from "pg";
import { z } from "zod";
import { consulApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { connectOnce } from "../migrator/server/connection";
import { loginOf, type DatabaseLogin } from "../migrator/server/login";

const health = z
  .array(
    z.object({
      Node: z.object({ Address: z.string() }),
      Service: z.object({ Address: z.string(), Port: z.number() }),
    }),
  )
  .min(1);

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Where Terraform finds the server. @returns undefined when Consul has no healthy one */
export async function findServer(
  { server, consul }: Environment,
  env: NodeJS.ProcessEnv,
): Promise<Place | undefined> {
  if (server.address !== undefined) return server.address;
  const found = await ask(consulApi(consul, env), `/v1/health/service/${server.service}?passing=true`);
  const parsed = health.safeParse(found.body);
  if (!parsed.success) return undefined;
  const { Node, Service } = parsed.data[0]!;
  return { host: Service.Address || Node.Address, port: Service.Port };
}

/** A role's login to a database of the server, encrypted as the environment says. */
export function loginAs(
  { server }: Environment,
  { host, port }: Place,
  user: string,
  password: string,
  database: string,
): DatabaseLogin {
  return loginOf({
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: server.sslmode,
    ...(server.caFile === undefined ? {} : { PGSSLROOTCERT: resolve(server.caFile) }),
  });
}

const patienceMilliseconds = 3_000;

/**
 * A session for a role. The caller ends it.
 * @throws what the server or the network says
 */
export function connectAs(...login: Parameters<typeof loginAs>): Promise<Client> {
  return connectOnce(loginAs(...login), patienceMilliseconds);
}

/**
 * `work` in a session of its own.
 * @throws what the server or the network says
 */
export async function asRole<T>(
  login: Parameters<typeof loginAs>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectAs(...login);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A wrong password alone: pg_hba.conf may refuse this machine, and the role's connections may all be in use. */
export function isWrongPassword(error: unknown): boolean {
  return (error as { code?: string }).code === "28P01";
}

export function isMissingDatabase(error: unknown): boolean {
  return (error as { code?: string }).code === "3D000";
}
