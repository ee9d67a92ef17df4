import * as path from "node:path";
import type { ProgramMount } from "./lab";
import { pgvectorPrograms } from "./pgvector";
import { postgresPrograms } from "./postgres";

/** The version of the homelab's embedded server. */
export const embeddedMajor = 14;

/** What a service with a PostgreSQL of its own needs in its tasks. */
export interface EmbeddedPrograms {
  /** The server's folder, with `bin`, as tasks see it. */
  readonly server: string;
  /** Likewise, of the central server, for a lab in which it is a Nomad job. */
  readonly central: string;
  /** Likewise, of the client programs of the central server's version. */
  readonly clients: string;
  readonly mounts: readonly ProgramMount[];
}

/** @throws when they cannot be had on this machine, saying why */
export async function embeddedPrograms(): Promise<EmbeddedPrograms> {
  const mount = (volume: string, folder: string, destination: string): ProgramMount => ({
    volume,
    folder,
    destination,
    readOnly: true,
  });
  const server = mount("lab_postgresql_14", await postgresPrograms(embeddedMajor), "/opt/postgresql-14");
  const central = mount("lab_postgresql_central", await postgresPrograms(16), "/opt/postgresql-central");
  const programs = await pgvectorPrograms(16);
  // All of the wheel: the programs' libraries lie beside them.
  const wheel = mount("lab_postgresql_16", path.resolve(programs, "../.."), "/opt/postgresql-16");
  const clients = path.join(wheel.destination, path.relative(wheel.folder, programs));
  return {
    server: server.destination,
    central: central.destination,
    clients,
    mounts: [server, central, wheel],
  };
}
