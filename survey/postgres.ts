/** Asks the central PostgreSQL, as its admin, which roles and databases it has, and tries passwords. */
import { resolve } from "node:path";
import { z } from "zod";
import type { Environment } from "../environments/model/environment";
import { connectOnce } from "../migrator/server/connection";
import { loginOf, type DatabaseLogin } from "../migrator/server/login";
import type { Found } from "./found";
import { read } from "./http";
import type { Secret } from "./vault";

const patienceMilliseconds = 3_000;

const health = z
  .array(
    z.object({
      Node: z.object({ Address: z.string() }),
      Service: z.object({ Address: z.string(), Port: z.number() }),
    }),
  )
  .min(1);

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Where Terraform finds the server. @returns undefined when Consul has no healthy one */
export async function findServer(
  { server, consul }: Environment,
  env: NodeJS.ProcessEnv,
): Promise<Place | undefined> {
  if (server.address !== undefined) return server.address;
  const found = await read(`${consul.address}/v1/health/service/${server.service}?passing=true`, {
    "X-Consul-Token": env.CONSUL_HTTP_TOKEN,
  });
  const parsed = health.safeParse(found?.body);
  if (!parsed.success) return undefined;
  const { Node, Service } = parsed.data[0]!;
  return { host: Service.Address || Node.Address, port: Service.Port };
}

/** The names of all roles and databases. @returns undefined when the server or the admin is not to be had */
export async function namesOn(
  environment: Environment,
  place: Place,
  admin: Secret,
): Promise<{ readonly roles: ReadonlySet<string>; readonly databases: ReadonlySet<string> } | undefined> {
  const { username, password } = admin.data;
  if (typeof username !== "string" || typeof password !== "string") return undefined;
  try {
    const client = await connectOnce(
      asRole(environment, place, username, password, "postgres"),
      patienceMilliseconds,
    );
    try {
      const roles = await client.query<{ name: string }>("SELECT rolname AS name FROM pg_roles");
      const databases = await client.query<{ name: string }>("SELECT datname AS name FROM pg_database");
      const names = ({ rows }: { rows: { name: string }[] }) => new Set(rows.map(({ name }) => name));
      return { roles: names(roles), databases: names(databases) };
    } finally {
      await client.end();
    }
  } catch {
    return undefined;
  }
}

/** Whether the role takes the password. */
export async function tryLogin(
  environment: Environment,
  place: Place,
  name: string,
  { data }: Secret,
): Promise<Found["login"]> {
  if (typeof data.password !== "string") return "unknown";
  try {
    const client = await connectOnce(
      asRole(environment, place, name, data.password, name),
      patienceMilliseconds,
    );
    await client.end();
    return "works";
  } catch (error) {
    // A wrong password alone: pg_hba.conf may refuse this machine, and the role's connections may all be in use.
    return (error as { code?: string }).code === "28P01" ? "refused" : "unknown";
  }
}

function asRole(
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
