import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { Asked, JobStatus } from "../status/report";
import type { Reached } from "../status/reach";
import type { Finding } from "./report";

/** What every probe may look at. */
export interface Look extends Reached {
  readonly environment: Environment;
  /** Those that are checked; none that is retired. */
  readonly services: readonly CheckedService[];
  readonly env: NodeJS.ProcessEnv;
}

export interface CheckedService {
  readonly service: EnvironmentService;
  readonly name: string;
  readonly job: Asked<JobStatus>;
}

/** Finds one kind of problem. Only the rehearsal writes: to what it makes itself, and removes again. */
export interface Probe {
  readonly name: string;
  /** The servers without which it cannot look. */
  readonly needs: readonly ("nomad" | "vault" | "postgres")[];
  readonly look: (look: Look) => Promise<Found>;
}

export interface Found {
  readonly problems?: readonly Told[];
  readonly notes?: readonly Told[];
  /** What it was not allowed to look at. */
  readonly notChecked?: readonly string[];
}

export type Told = Omit<Finding, "probe">;
