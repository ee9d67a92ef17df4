import type { Connection, ServerLookup, SslMode } from "../../nomad/dsn";
import { databaseName, databaseSecretName, type AnyDefinition } from "../../services/definition";

/** How jobs find the server, and how the migrator connects to it. */
export interface ServerProps {
  readonly lookup: ServerLookup;
  readonly sslmode: SslMode;
  /** The certificate (PEM) of the authority that signed the server's. @default none */
  readonly ca?: string | undefined;
}

/** A service's connection to its database. @param mount of Vault's KV v2 engine */
export function connectionOf(
  definition: AnyDefinition,
  { lookup, sslmode, ca }: ServerProps,
  mount: string,
): Connection {
  const name = databaseName(definition);
  return {
    server: lookup,
    sslmode,
    ca,
    database: name,
    username: name,
    secret: { mount, name: databaseSecretName(name) },
  };
}
