/**
 * The part of Nomad's job that pgmoor writes, under the names and units of its HTTP API (`POST /v1/jobs`, durations in
 * nanoseconds): `nomad_job` takes it as it is with `json = true`.
 * Source: https://developer.hashicorp.com/nomad/api-docs/json-jobs
 */
export interface Job {
  readonly ID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly Type: "service";
  readonly Datacenters: readonly string[];
  readonly Update: Update;
  readonly TaskGroups: readonly TaskGroup[];
}

export interface Update {
  readonly MaxParallel: number;
  readonly HealthCheck: "checks";
  readonly MinHealthyTime: number;
  readonly HealthyDeadline: number;
  /** From one healthy allocation to the next. 0: the first unhealthy allocation fails the deployment. */
  readonly ProgressDeadline: number;
  readonly AutoRevert: boolean;
}

export interface TaskGroup {
  readonly Name: string;
  readonly Count: number;
  readonly Meta: Readonly<Record<string, string>>;
  readonly Networks: readonly Network[];
  readonly Services: readonly Service[];
  readonly Volumes: Readonly<Record<string, VolumeRequest>>;
  readonly RestartPolicy: RestartPolicy;
  readonly ReschedulePolicy: ReschedulePolicy;
  readonly Disconnect: Disconnect;
  readonly Tasks: readonly Task[];
}

export interface Network {
  readonly Mode: "host";
  readonly ReservedPorts: readonly NetworkPort[];
  readonly DynamicPorts: readonly NetworkPort[];
}

export interface NetworkPort {
  readonly Label: string;
  /** The host's port; absent: Nomad picks one. */
  readonly Value?: number;
  /** The port inside the container; absent: the same. */
  readonly To?: number;
}

export interface Service {
  readonly Name: string;
  readonly Provider: "consul";
  readonly PortLabel: string;
  readonly Tags: readonly string[];
  readonly Checks: readonly Check[];
}

export interface Check {
  readonly Name: string;
  readonly Type: "http";
  readonly Path: string;
  readonly Interval: number;
  readonly Timeout: number;
}

export interface VolumeRequest {
  readonly Name: string;
  readonly Type: "host";
  readonly Source: string;
  readonly ReadOnly: boolean;
}

export interface VolumeMount {
  readonly Volume: string;
  readonly Destination: string;
  readonly ReadOnly: boolean;
}

export interface RestartPolicy {
  readonly Attempts: number;
  readonly Interval: number;
  readonly Delay: number;
  readonly Mode: "fail" | "delay";
}

export interface ReschedulePolicy {
  readonly Attempts: number;
  readonly Unlimited: boolean;
  readonly Interval?: number;
  readonly Delay?: number;
  readonly DelayFunction?: "constant" | "exponential";
  readonly MaxDelay?: number;
}

/** What becomes of an allocation whose node does not answer. Nomad 1.8 or later. */
export interface Disconnect {
  /** Until then it is `unknown`, and goes on when its node is back; later it is `lost`. */
  readonly LostAfter: number;
  /** Whether another node may run it meanwhile. */
  readonly Replace: boolean;
  /** Which of the two goes on when the node is back. */
  readonly Reconcile: "keep_replacement";
}

export interface Task {
  readonly Name: string;
  readonly Driver: "docker" | "exec";
  /** The image's own, or the client's default, when absent. */
  readonly User?: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly Env: Readonly<Record<string, string>>;
  /** A task starts anew when this changes. */
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Lifecycle?: { readonly Hook: "prestart" | "poststart"; readonly Sidecar: boolean };
  readonly RestartPolicy?: RestartPolicy;
  /** The driver's or the image's own, when absent. */
  readonly KillSignal?: "SIGTERM" | "SIGINT";
  /** From that signal until the task is killed; the client's `max_kill_timeout` (30 s) limits it. */
  readonly KillTimeout?: number;
  readonly Vault?: Vault;
  /** Nomad's own token of the task, as the file `nomad_token` beside its secrets. */
  readonly Identity?: { readonly File: true };
  readonly Templates: readonly Template[];
  readonly VolumeMounts: readonly VolumeMount[];
  readonly Resources: { readonly CPU: number; readonly MemoryMB: number };
}

/** Only Nomad itself sees the token that it renders templates with: neither a variable nor a file of the task holds it. */
export interface Vault {
  readonly Role: string;
  readonly Env: false;
  readonly DisableFile: true;
  /** What becomes of the task when Nomad has to get a new token. */
  readonly ChangeMode: "noop";
}

export interface Template {
  readonly EmbeddedTmpl: string;
  readonly DestPath: string;
  readonly Envvars: boolean;
  readonly Perms: string;
  readonly ChangeMode: "restart" | "noop";
  readonly ErrMissingKey: boolean;
}
