/** The tasks of the jobs that back up and restore. */
import type { Task, Template, VolumeMount } from "../../nomad/job";
import { file, fixedText, json } from "../../nomad/template";
import { HostVolume } from "../../nomad/volume";
import type { Program, Resources } from "../../services/definition";
import { defaultKept, serverDataDirectory, type ServerJob } from "../../services/server-job";
import { programMounts, programOf, resourcesOf, vaultAccess } from "../job/parts";
import { noRestarts } from "../job/policies";
import { noticesFile, tellingEnv } from "../job/telling";
import { workloadIdentityName } from "../../services/definition";
import { adminFiles, repositoryFile, repositoryName } from "./access";
import { repositoryPath, workPath, type BackupJobsProps } from "./props";

const configPath = "/local/pgmoor-backups.json";
const wrapperPath = "/local/pgmoor-server.sh";

/** From the start of a restore until the scratch server has been read. */
const scratchSeconds = 12 * 3600;

export interface BackupTask {
  /** The command of pgmoor's program. */
  readonly command: "backup" | "receive-wal" | "test-restore" | "restore" | "restore-all";
  readonly job: string;
  readonly resources: Resources | undefined;
  /** Of a job that runs for ever. @default it ends, and is not restarted */
  readonly forEver?: true;
  /** The server whose data directory it makes. @default none */
  readonly restores?: ServerJob;
}

export function backupTask(props: BackupJobsProps, task: BackupTask): Task {
  const { backups, program } = props;
  const { repository, volume } = backups;
  return {
    Name: task.command,
    ...programOf(program, { args: [task.command, "--config", configPath] }),
    Env: {
      RESTIC_REPOSITORY: repositoryName(backups),
      RESTIC_CACHE_DIR: `${workPath}/cache`,
      ...tellingEnv(props.telling),
    },
    ...(task.forEver ? {} : { RestartPolicy: noRestarts }),
    Vault: vaultAccess(workloadIdentityName(task.job)),
    Templates: [
      ...adminFiles(props, task.restores?.port.host),
      repositoryFile(props),
      ...noticesFile(props.telling, props.mount),
      config(props, task),
    ],
    VolumeMounts: [
      HostVolume.named(volume).at(workPath).toApi(),
      ...(repository.in === "volume" ? [HostVolume.named(repository.volume).at(repositoryPath).toApi()] : []),
      ...restoredVolume(task),
      ...programMounts(program),
    ],
    Resources: task.resources === undefined ? { CPU: 1000, MemoryMB: 1024 } : resourcesOf(task.resources),
  };
}

function restoredVolume({ restores }: Pick<BackupTask, "restores">): VolumeMount[] {
  return restores === undefined ? [] : [restores.volume.toApi()];
}

/** What pgmoor's program reads (`migrator/backups/config.ts`). */
function config({ backups, queries }: BackupJobsProps, { command, restores }: BackupTask): Template {
  const { keep, walSeconds = 60 } = backups;
  return file(
    configPath,
    json({
      work: workPath,
      keep: { ...defaultKept, ...keep },
      walSeconds,
      ...(command === "test-restore" && Object.keys(queries).length > 0 ? { queries } : {}),
      ...(restores === undefined ? {} : { data: serverDataDirectory(restores) }),
    }),
    "0644",
  );
}

/**
 * A server of the same image as the central one, on restored data: nobody but the allocation's tasks reaches it. It runs when
 * pgmoor's task asks for it, as the embedded server of a cutover does.
 */
export function scratchServerTask(props: BackupJobsProps, { restores }: Pick<BackupTask, "restores">): Task {
  const program = serverProgram(props);
  const command = program.driver === "exec" ? program.command : ["docker-entrypoint.sh", "postgres"];
  const settings = Object.entries(scratchSettings(props, restores !== undefined));
  const args = settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return {
    Name: "server",
    ...programOf(program, {
      entrypoint: ["/bin/sh"],
      args: [wrapperPath, String(scratchSeconds), "server", "--", ...command, ...args],
    }),
    Env: {
      PGDATA:
        restores === undefined
          ? `${workPath}/restore/\${NOMAD_ALLOC_ID}/data`
          : serverDataDirectory(restores),
    },
    RestartPolicy: noRestarts,
    Templates: [file(wrapperPath, fixedText(props.wrapper), "0755")],
    VolumeMounts: [
      HostVolume.named(props.backups.volume).at(workPath).toApi(),
      ...restoredVolume({ ...(restores === undefined ? {} : { restores }) }),
      ...programMounts(program),
    ],
    Resources: { CPU: 500, MemoryMB: 1024 },
  };
}

function serverProgram({ server }: BackupJobsProps): Program {
  return server.job?.program ?? { driver: "docker", image: server.image, network: "host" };
}

/** Over those of the restored data. `stays`: it becomes the central server's again. */
function scratchSettings({ server }: BackupJobsProps, stays: boolean): Record<string, string> {
  return {
    listen_addresses: "",
    unix_socket_directories: "${NOMAD_ALLOC_DIR}/pgmoor",
    port: "5432",
    hba_file: "${NOMAD_ALLOC_DIR}/pgmoor/pg_hba.conf",
    ssl: "off",
    archive_mode: "off",
    logging_collector: "off",
    // Without it, a server in recovery does not insist on settings as large as those of the server that wrote the log.
    hot_standby: "off",
    max_connections: String(server.maxConnections),
    shared_preload_libraries: server.preload.join(","),
    ...(stays ? {} : { fsync: "off" }),
  };
}
