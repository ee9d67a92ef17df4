import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isRunning, type ProcessIdentity } from "./process";
import { letIn, type Closed } from "./secure";

/** A folder of this machine that Nomad gives to tasks as a host volume. */
export interface HostFolder {
  /** The host volume's name. */
  readonly volume: string;
  readonly folder: string;
  readonly readOnly: boolean;
}

/** A host folder that every task has to mount for programs to run in the exec driver's empty chroot. */
export interface ProgramMount extends HostFolder {
  /** Where the task has to mount it. */
  readonly destination: string;
}

/** A running lab: what its user, and whoever deploys into it, need to know. Kept in `lab.json`, readable by root only. */
export interface Lab {
  /** Everything the lab writes is in here. */
  readonly directory: string;
  readonly consul: { readonly address: string; readonly version: string };
  readonly vault: {
    readonly address: string;
    readonly version: string;
    /** Root token of this lab's own Vault, whose data is removed with the lab. */
    readonly token: string;
    /** To unseal it: it is sealed whenever it starts. */
    readonly unsealKey: string;
  };
  readonly nomad: { readonly address: string; readonly version: string };
  /** The admin's password is in Vault, at `secret/postgres/admin`, and nowhere else. */
  readonly postgres: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly version: string;
    /** The certificate (PEM) of the authority that signed its own. @default it is asked without encryption */
    readonly ca?: string;
  };
  /** Folders for data, by host volume name. Tasks, which run as nobody, may write there. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Folder whose files tasks see at `programMounts`' destination `/opt/pgmoor`: bundles of ours. */
  readonly programs: string;
  readonly programMounts: readonly ProgramMount[];
  /** Where tasks find the programs for a service with a PostgreSQL of its own; absent where they cannot be had. */
  readonly embedded?: { readonly server: string; readonly central: string; readonly clients: string };
  /** Node's program, the same path on the host and in a task. */
  readonly node: string;
  /** Of a lab that is closed: who has none of this does not get in. */
  readonly secure?: Closed;
  readonly processes: readonly ProcessIdentity[];
}

/** Set, to the lab's directory, in the environment of all of its processes: how they are known when all else is lost. */
export const ownerVariable = "PGMOOR_LAB_OWNER";

const labFile = (directory: string) => path.join(directory, "lab.json");

export async function saveLab(lab: Lab): Promise<void> {
  await fs.writeFile(labFile(lab.directory), `${JSON.stringify(lab, undefined, 2)}\n`, { mode: 0o600 });
}

/** The lab of this directory, running or not; undefined when there is none. */
export async function readLab(directory: string): Promise<Lab | undefined> {
  try {
    const lab = JSON.parse(await fs.readFile(labFile(path.resolve(directory)), "utf8")) as Lab;
    letIn(lab);
    return lab;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Which of its servers run. */
export function labStatus(lab: Lab): readonly { readonly name: string; readonly running: boolean }[] {
  return lab.processes.map((process) => ({ name: process.name, running: isRunning(process) }));
}
