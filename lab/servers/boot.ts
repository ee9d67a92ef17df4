import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { onInterrupt } from "./cleanup";
import { registerPostgres, startConsul } from "./consul";
import type { EmbeddedPrograms } from "./embedded";
import { programFolders } from "./host-folders";
import type { LabServer } from "./lab-server";
import { type Lab, labStatus, ownerVariable, readLab, saveLab } from "./lab";
import { startNomad } from "./nomad";
import { startPostgres } from "./postgres";
import type { ProcessIdentity } from "./process";
import type { Program } from "./program";
import type { ProgramName } from "./program";
import { stopLab } from "./stop";
import { freePorts } from "./wait";
import { makeCertificates, vaultNamespace } from "./secure";
import { mountVault, useNamespace, startVault, trustNomad, writeSecret } from "./vault";

export interface LabOptions {
  /** Where the lab keeps everything; made when missing, empty otherwise. Others must be able to enter it: PostgreSQL is not root. */
  readonly directory: string;
  readonly programs: Readonly<Record<ProgramName, Program>>;
  /** For a service with a PostgreSQL of its own. @default none */
  readonly embedded?: EmbeddedPrograms | undefined;
  /** Names of host volumes for data. Each gets a folder of the lab that tasks can write to. */
  readonly volumes: readonly string[];
  /** Called before Nomad's client is started. @default nothing */
  readonly beforeNomad?: () => Promise<void>;
  /** `job`: the lab has no PostgreSQL of its own, since a Nomad job of pgmoor's will be it. @default "beside" */
  readonly postgres?: "beside" | "job";
  /** Whether it is closed: TLS with client certificates, and ACLs. @default false */
  readonly secure?: boolean;
  /** The programs' `vault` is OpenBao. @default false */
  readonly openbao?: boolean;
  /** Called with a line for the person who waits. */
  readonly progress: (line: string) => void;
}

/** The lab's servers, each to be killed and started again. */
export interface LabServers {
  readonly consul: LabServer;
  readonly vault: LabServer;
  /** None where a Nomad job is it. */
  readonly postgres?: LabServer;
  readonly nomadServer: LabServer;
  readonly nomadClient: LabServer;
}

/** A lab that this program started, and ends with it unless it is released. */
export interface BootedLab {
  readonly lab: Lab;
  readonly servers: LabServers;
  /** Starts those again that do not run, one after the other, and notes them as the lab's. */
  start(...names: (keyof LabServers)[]): Promise<void>;
  /** Ends it; its files stay. Not only interrupts, also errors of the caller's own have to come here. */
  stop(): Promise<void>;
  /** Lets it outlive this program; `stopLab` ends it. */
  release(): void;
}

/** Who tasks of the exec driver run as unless their job says otherwise. */
const nobody = { uid: 65534, gid: 65534 };

/** Boots Consul, Vault, PostgreSQL and Nomad on 127.0.0.1, with what a homelab has in them. Whatever fails, nothing stays running. */
export async function bootLab(options: LabOptions): Promise<BootedLab> {
  const directory = path.resolve(options.directory);
  await refuseOccupied(directory);
  await fs.mkdir(directory, { recursive: true, mode: 0o755 });
  const stop = () => stopLab(directory);
  const takeBack = onInterrupt(stop);
  try {
    const { lab, servers } = await boot({ ...options, directory });
    return {
      lab,
      servers,
      start: async (...names) => {
        for (const name of names) await servers[name]?.start();
        await saveLab({ ...lab, processes: identities(servers) });
      },
      release: takeBack,
      stop: async () => {
        await stop();
        takeBack();
      },
    };
  } catch (error) {
    await stop();
    takeBack();
    throw error;
  }
}

async function boot({
  directory,
  programs,
  embedded,
  volumes,
  beforeNomad,
  postgres: kind = "beside",
  secure = false,
  openbao = false,
  progress,
}: LabOptions): Promise<Pick<BootedLab, "lab" | "servers">> {
  const env = {
    [ownerVariable]: directory,
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  };
  const within = (name: string) => path.join(directory, name);
  const node = await fs.realpath(process.execPath);
  await fs.mkdir(within("programs"), { recursive: true });
  const folders = Object.fromEntries(volumes.map((name) => [name, path.join(directory, "volumes", name)]));
  for (const folder of Object.values(folders)) {
    await fs.mkdir(folder, { recursive: true });
    await fs.chown(folder, nobody.uid, nobody.gid);
  }
  const programMounts = [...(await programFolders(within("programs"), node)), ...(embedded?.mounts ?? [])];

  const certificates = secure ? await makeCertificates(within("certificates")) : undefined;
  // All three are awaited even if one fails: what starts late must be there to be ended.
  const password = randomBytes(24).toString("base64url");
  const [consul, vault, postgres] = await allOrFirstError([
    startConsul(programs.consul, within("consul"), env, certificates).then(tell(progress, "Consul")),
    startVault(programs.vault, within("vault"), env, certificates).then(tell(progress, "Vault")),
    kind === "job"
      ? placeForPostgres()
      : startPostgres({ directory: within("postgres"), password, env }).then(tell(progress, "PostgreSQL")),
  ]);
  const admin = { username: postgres.user, password };
  const dataFolders = Object.entries(folders).map(([volume, folder]) => ({
    volume,
    folder,
    readOnly: false,
  }));
  await beforeNomad?.();
  const inNamespace = certificates !== undefined && openbao ? vaultNamespace : undefined;
  if (inNamespace !== undefined) await useNamespace(vault, inNamespace, certificates!);
  const [nomad] = await allOrFirstError([
    startNomad({
      program: programs.nomad,
      directory: within("nomad"),
      env,
      consul: consul.address,
      vault: vault.address,
      hostFolders: [...programMounts, ...dataFolders],
      closed: certificates && {
        certificates,
        vaultNamespace: inNamespace,
        consulToken: consul.tokens!.nomad,
      },
    }).then(tell(progress, "Nomad")),
    kind === "job" ? Promise.resolve() : registerPostgres(consul.address, postgres.host, postgres.port),
    mountVault(vault).then(() => (kind === "job" ? undefined : writeSecret(vault, "postgres/admin", admin))),
  ]);
  await trustNomad(vault, nomad.address);

  const servers: LabServers = {
    consul: consul.server,
    vault: vault.server,
    ...(postgres.server === undefined ? {} : { postgres: postgres.server }),
    nomadServer: nomad.server,
    nomadClient: nomad.client,
  };
  const lab: Lab = {
    directory,
    consul: { address: consul.address, version: programs.consul.version },
    vault: {
      address: vault.address,
      version: programs.vault.version,
      token: vault.token,
      unsealKey: vault.unsealKey,
    },
    nomad: { address: nomad.address, version: programs.nomad.version },
    postgres: { host: postgres.host, port: postgres.port, user: postgres.user, version: postgres.version },
    volumes: folders,
    programs: within("programs"),
    programMounts,
    ...(embedded === undefined
      ? {}
      : {
          embedded: { server: embedded.server, central: embedded.central, clients: embedded.clients },
        }),
    node,
    ...(certificates === undefined
      ? {}
      : {
          secure: {
            certificates,
            nomadManagement: nomad.tokens!.management,
            nomadToken: nomad.tokens!.person,
            consulManagement: consul.tokens!.management,
            consulToken: consul.tokens!.person,
            ...(inNamespace === undefined ? {} : { vaultNamespace: inNamespace }),
          },
        }),
    processes: identities(servers),
  };
  await saveLab(lab);
  // From here on the lab ends as one, Nomad's tasks before Nomad.
  for (const server of all(servers)) server.release();
  return { lab, servers };
}

/** Where a Nomad job's PostgreSQL is going to be. */
async function placeForPostgres() {
  const [port] = (await freePorts(1)) as [number];
  return { host: "127.0.0.1", port, user: "postgres", version: "", server: undefined };
}

/** In the order in which they were started. */
function all({ consul, vault, postgres, nomadServer, nomadClient }: LabServers): LabServer[] {
  return [consul, vault, ...(postgres === undefined ? [] : [postgres]), nomadServer, nomadClient];
}

function identities(servers: LabServers): ProcessIdentity[] {
  return all(servers).map(({ identity }) => identity);
}

async function refuseOccupied(directory: string): Promise<void> {
  const lab = await readLab(directory);
  if (lab && labStatus(lab).some(({ running }) => running)) {
    throw new Error(`a lab is running in ${directory}: stop it first, or use another folder`);
  }
  const entries = await fs.readdir(directory).catch(() => []);
  if (entries.length > 0)
    throw new Error(`${directory} is not empty: remove it, or give the lab another folder`);
}

function tell<T>(progress: (line: string) => void, name: string): (value: T) => T {
  const begun = Date.now();
  return (value) => {
    progress(`${name} is up (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    return value;
  };
}

async function allOrFirstError<T extends readonly unknown[]>(promises: {
  [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
