import type { Connection } from "../../nomad/dsn";
import type { Program, ServiceDefinition, Source } from "../../services/definition";

/** Whether the job stays where its service's data is, moves to the server first, or has moved for good. */
export type JobPhase = "prepared" | "cutover" | "settled";

export interface ServiceJobProps {
  readonly definition: ServiceDefinition;
  readonly phase: JobPhase;
  readonly datacenter: string;
  readonly namespace: string;
  readonly domain: string;
  readonly connection: Connection;
  /** The version of the role's password: the apply that makes a new one also restarts the tasks that log in with it. */
  readonly passwordVersion: number;
  /** The JWT role of Vault that the job's workload identity logs in to. */
  readonly vaultRole: string;
  readonly migrator: {
    readonly program: Program;
    /** Host volume that keeps the snapshots. */
    readonly snapshots: string;
    /** Text of `migrator/peer/task-wrapper.sh`, which runs in the app's image, or in that of its embedded server. */
    readonly schemaWrapper: string;
  };
}

/** What the job does with the service's data. */
export type Mode =
  { readonly kind: "on-source" | "moving"; readonly source: Source } | { readonly kind: "on-server" };

/** @throws {RangeError} for a cutover that validation refuses */
export function modeOf({ definition, phase }: Pick<ServiceJobProps, "definition" | "phase">): Mode {
  const { name, source } = definition;
  if (phase === "settled") return { kind: "on-server" };
  if (phase === "cutover") {
    if (source === undefined) throw new RangeError(`${name}: there is no source to move`);
    return { kind: "moving", source };
  }
  return source === undefined ? { kind: "on-server" } : { kind: "on-source", source };
}

/** The group's metadata that says in which phase a job was deployed that is on the server, or moves there. */
export const phaseMeta = "pgmoor_phase";

/** The label of the service's port. */
export const portLabel = "http";
/** Where the app builds its schema: a port that no proxy knows. Definitions name it, too. */
export const schemaPortLabel = "pgmoor_schema";
