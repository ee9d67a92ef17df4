import type { Connection } from "../../nomad/dsn";
import type { Proxy } from "../../nomad/proxy-tags";
import type { CsiVolume } from "../../nomad/volume";
import type { Program, RegistryLogin, Side } from "../../services/definition";
import type { AnySource, Definition } from "../../services/job-definition";
import type { RollbackKind } from "../../services/ledger";
import type { Telling } from "../../services/notices";

/** Whether the job stays where its service's data is, moves to the server first, or has moved for good. */
export type JobPhase = "prepared" | "cutover" | "settled";

export interface ServiceJobProps {
  readonly definition: Definition;
  readonly phase: JobPhase;
  /** Of a `prepared` service that has moved: what becomes of the server's rows. @default it has not moved */
  readonly rollback?: RollbackKind | undefined;
  readonly datacenter: string;
  readonly namespace: string;
  /** @default that of the server that gets the job */
  readonly region?: string | undefined;
  readonly domain: string;
  /** Whose tags the job's service in Consul has. @default Traefik's */
  readonly proxy?: Proxy | undefined;
  readonly connection: Connection;
  /** The version of the role's password: the apply that makes a new one also restarts the tasks that log in with it. */
  readonly passwordVersion: number;
  /** The JWT role of Vault that the job's workload identity logs in to. */
  readonly vaultRole: string;
  readonly migrator: {
    readonly program: Program;
    /** The volume that keeps the snapshots: a host volume's name, or a volume of a CSI plugin. */
    readonly snapshots: string | CsiVolume;
    /** Login to the registry of the program's image. @default none */
    readonly registry?: RegistryLogin | undefined;
    /** Text of `migrator/peer/task-wrapper.sh`, which runs in the app's image, or in that of its embedded server. */
    readonly schemaWrapper: string;
    /** How the migrator's tasks tell people. */
    readonly telling: Telling;
  };
}

/** What the job does with the service's data. */
export type Mode =
  | { readonly kind: "on-source" | "moving"; readonly source: AnySource }
  | { readonly kind: "returning"; readonly source: AnySource; readonly rollback: RollbackKind }
  | { readonly kind: "on-server" };

/** The source that the app itself runs on. */
export function appSourceOf(mode: Mode): AnySource | undefined {
  return mode.kind === "on-source" || mode.kind === "returning" ? mode.source : undefined;
}

/** Where the app itself runs. */
export function sideOf(mode: Mode): Side {
  return appSourceOf(mode) === undefined ? "server" : "source";
}

/** Whether the job has tasks that take data from one side to the other, before and after its app starts. */
export function carriesData(mode: Mode): boolean {
  return mode.kind === "moving" || mode.kind === "returning";
}

/** @throws {RangeError} for a cutover that validation refuses */
export function modeOf({
  definition,
  phase,
  rollback,
}: Pick<ServiceJobProps, "definition" | "phase" | "rollback">): Mode {
  const { name, source } = definition;
  if (phase === "settled") return { kind: "on-server" };
  if (phase === "cutover") {
    if (source === undefined) throw new RangeError(`${name}: there is no source to move`);
    return { kind: "moving", source };
  }
  if (source === undefined) return { kind: "on-server" };
  return rollback === undefined ? { kind: "on-source", source } : { kind: "returning", source, rollback };
}

/** The label of the service's port. */
export const portLabel = "http";
/** Where the app builds its schema: a port that no proxy knows. Definitions name it, too. */
export const schemaPortLabel = "pgmoor_schema";

/** Whether the app itself runs to build its schema. */
export function schemaNeedsPort(source: AnySource): boolean {
  return source.kind === "sqlite" && source.schema.kind === "app";
}
