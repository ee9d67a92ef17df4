/** A job whose tasks end: on a schedule, or when somebody dispatches it. Names and units are those of Nomad's HTTP API. */
import type { Constraint, TaskGroup } from "./job";

export interface BatchJob {
  readonly ID: string;
  readonly Name: string;
  readonly Namespace: string;
  /** @default the agent's region */
  readonly Region?: string;
  readonly Type: "batch";
  readonly Datacenters: readonly string[];
  readonly Constraints?: readonly Constraint[];
  readonly Periodic?: Periodic;
  readonly ParameterizedJob?: Parameterized;
  readonly TaskGroups: readonly BatchGroup[];
}

export interface Periodic {
  readonly Enabled: true;
  readonly SpecType: "cron";
  /** Minute, hour, day of the month, month, day of the week. */
  readonly Spec: string;
  readonly TimeZone: string;
  /** Nomad skips a run while the one before it has not ended. */
  readonly ProhibitOverlap: true;
}

/** A job that runs only when it is dispatched (`nomad job dispatch`), with values that its tasks see as `NOMAD_META_NAME`. */
export interface Parameterized {
  readonly Payload: "forbidden";
  readonly MetaRequired: readonly string[];
  readonly MetaOptional: readonly string[];
}

export type BatchGroup = Omit<TaskGroup, "Services" | "Disconnect">;
