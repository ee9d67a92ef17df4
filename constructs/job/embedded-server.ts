/** The PostgreSQL that a service has of its own: beside the app until it moves, and on a copy of its data while it moves. */
import { Duration } from "../../nomad/duration";
import type { Task } from "../../nomad/job";
import type { EmbeddedSource, SecretVariable } from "../../services/definition";
import { programMounts, programOf, secretsFile, vaultOf } from "./parts";
import type { ServiceJobProps } from "./props";

/** The server beside the app. */
export function embeddedServerTask(props: ServiceJobProps, source: EmbeddedSource): Task {
  const { secret, field, server } = source.password;
  return {
    Name: "postgres",
    ...programOf(source.program, {}),
    // On SIGTERM it would wait for the app's sessions, be killed, and leave its data as if it were in use.
    KillSignal: "SIGINT",
    KillTimeout: Duration.seconds(30).nanoseconds,
    Env: { ...source.serverEnvironment },
    Lifecycle: { Hook: "prestart", Sidecar: true },
    Vault: vaultOf(props),
    Templates: secretsFile(props, [{ variable: server, secret, field }], "restart"),
    VolumeMounts: [source.volume.toApi(), ...programMounts(source.program)],
    Resources: { CPU: 500, MemoryMB: 512 },
  };
}

/** Where the migrator makes the copy, and the folder where it looks for the server's socket. */
const scratchData = "${NOMAD_ALLOC_DIR}/pgmoor-source";
const socketFolder = "${NOMAD_ALLOC_DIR}/pgmoor";

/**
 * The server's settings on the copy, over those of its image and of its data: nobody but the allocation's tasks reaches it,
 * and it writes to nothing but the copy.
 */
const scratchSettings = {
  data_directory: scratchData,
  hba_file: `${scratchData}/pg_hba.conf`,
  listen_addresses: "",
  unix_socket_directories: socketFolder,
  port: "5432",
  ssl: "off",
  archive_mode: "off",
  logging_collector: "off",
  fsync: "off",
} as const;

/** What runs the server on the copy. */
export function scratchCommand({ command }: Pick<EmbeddedSource, "command">): string[] {
  return [
    ...command,
    ...Object.entries(scratchSettings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

/** Beside the server's own variables. */
export const scratchEnvironment = { PGDATA: scratchData } as const;

/** What the migrator gets in with. */
export function sourcePassword({
  password: { secret, field },
}: Pick<EmbeddedSource, "password">): SecretVariable {
  return { variable: "PGMOOR_SOURCE_PASSWORD", secret, field };
}
