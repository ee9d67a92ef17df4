/**
 * Nomad's job, under the names and units of its HTTP API (`POST /v1/jobs`; durations in nanoseconds, sizes in MB):
 * `nomad_job` takes it as it is with `json = true`. Everything that a service's job can say in HCL is here. What is left out
 * has Nomad's default.
 * Sources: https://developer.hashicorp.com/nomad/api-docs/json-jobs and `api/jobs.go`, `api/tasks.go`, `api/services.go`,
 * `api/resources.go`, `api/constraint.go` of Nomad 1.11.2.
 */
import type { DockerConfig, ExecConfig } from "./driver-config";
import type { Nanoseconds } from "./duration";
import type { Service } from "./job-service";

export interface Job {
  readonly ID: string;
  readonly Name: string;
  /** @default "default" */
  readonly Namespace?: string;
  /** @default the agent's region */
  readonly Region?: string;
  /** Batch, system and sysbatch jobs have no deployments: their data cannot be moved in one. */
  readonly Type: "service";
  /** @default all */
  readonly Datacenters?: readonly string[];
  readonly NodePool?: string;
  /** 1 to 100, by default. @default 50 */
  readonly Priority?: number;
  readonly AllAtOnce?: boolean;
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Constraints?: readonly Constraint[];
  readonly Affinities?: readonly Affinity[];
  readonly Spreads?: readonly Spread[];
  readonly Update?: Update;
  readonly TaskGroups: readonly TaskGroup[];
  readonly UI?: {
    readonly Description?: string;
    readonly Links?: readonly { readonly Label: string; readonly Url: string }[];
  };
  /** Of Nomad Enterprise, and of Nomad before 1.10. */
  readonly ConsulNamespace?: string;
  readonly VaultNamespace?: string;
}

export interface Constraint {
  readonly LTarget?: string;
  /** `=`, `!=`, `<`, `regexp`, `set_contains`, `version`, `semver`, `is_set`, `distinct_hosts`, `distinct_property`, … */
  readonly Operand: string;
  readonly RTarget?: string;
}

export interface Affinity extends Constraint {
  /** -100 to 100, not 0. */
  readonly Weight?: number;
}

export interface Spread {
  readonly Attribute: string;
  readonly Weight?: number;
  readonly SpreadTarget?: readonly { readonly Value: string; readonly Percent: number }[];
}

/** A job that runs once and ends. */
export interface BatchJob extends Omit<Job, "Type" | "Update"> {
  readonly Type: "batch";
}

export interface Update {
  readonly Stagger?: Nanoseconds;
  /** How many allocations change at a time. 0: the job has no deployments. */
  readonly MaxParallel?: number;
  readonly HealthCheck?: "" | "checks" | "task_states" | "manual";
  readonly MinHealthyTime?: Nanoseconds;
  readonly HealthyDeadline?: Nanoseconds;
  /** From one healthy allocation to the next. 0: the first unhealthy allocation fails the deployment. */
  readonly ProgressDeadline?: Nanoseconds;
  readonly AutoRevert?: boolean;
  readonly AutoPromote?: boolean;
  readonly Canary?: number;
}

export interface TaskGroup {
  readonly Name: string;
  readonly Count?: number;
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Constraints?: readonly Constraint[];
  readonly Affinities?: readonly Affinity[];
  readonly Spreads?: readonly Spread[];
  readonly Networks?: readonly Network[];
  readonly Services?: readonly Service[];
  readonly Volumes?: Readonly<Record<string, VolumeRequest>>;
  readonly RestartPolicy?: RestartPolicy;
  readonly ReschedulePolicy?: ReschedulePolicy;
  readonly Disconnect?: Disconnect;
  readonly Update?: Update;
  readonly Migrate?: {
    readonly MaxParallel?: number;
    readonly HealthCheck?: string;
    readonly MinHealthyTime?: Nanoseconds;
    readonly HealthyDeadline?: Nanoseconds;
  };
  readonly EphemeralDisk?: {
    readonly Sticky?: boolean;
    readonly Migrate?: boolean;
    readonly SizeMB?: number;
  };
  readonly ShutdownDelay?: Nanoseconds;
  readonly StopAfterClientDisconnect?: Nanoseconds;
  readonly MaxClientDisconnect?: Nanoseconds;
  readonly PreventRescheduleOnLost?: boolean;
  readonly Scaling?: unknown;
  readonly Consul?: unknown;
  readonly Tasks: readonly Task[];
}

export interface Network {
  /** `host`, `bridge` (the group has a network namespace of its own), `none`, or `cni/NAME`. */
  readonly Mode?: string;
  readonly Hostname?: string;
  readonly DNS?: {
    readonly Servers?: readonly string[];
    readonly Searches?: readonly string[];
    readonly Options?: readonly string[];
  };
  readonly ReservedPorts?: readonly NetworkPort[];
  readonly DynamicPorts?: readonly NetworkPort[];
  readonly CNI?: unknown;
  readonly Device?: string;
  readonly CIDR?: string;
  readonly IP?: string;
  readonly MBits?: number;
}

export interface NetworkPort {
  readonly Label: string;
  /** The host's port; absent: Nomad picks one. */
  readonly Value?: number;
  /** The port inside the container; absent: the same. */
  readonly To?: number;
  readonly HostNetwork?: string;
  readonly IgnoreCollision?: boolean;
}

export type VolumeRequest = HostVolumeRequest | CsiVolumeRequest;

interface AnyVolumeRequest {
  readonly Name: string;
  readonly Source: string;
  readonly ReadOnly?: boolean;
  readonly PerAlloc?: boolean;
}

export interface HostVolumeRequest extends AnyVolumeRequest {
  readonly Type: "host";
  readonly Sticky?: boolean;
  readonly AccessMode?: string;
  readonly AttachmentMode?: string;
}

export interface CsiVolumeRequest extends AnyVolumeRequest {
  readonly Type: "csi";
  readonly AccessMode: string;
  readonly AttachmentMode: string;
  readonly Sticky?: boolean;
  readonly MountOptions?: { readonly FSType?: string; readonly MountFlags?: readonly string[] };
}

export interface VolumeMount {
  readonly Volume: string;
  readonly Destination: string;
  readonly ReadOnly?: boolean;
  readonly PropagationMode?: string;
  readonly SELinuxLabel?: string;
}

export interface RestartPolicy {
  readonly Attempts?: number;
  readonly Interval?: Nanoseconds;
  readonly Delay?: Nanoseconds;
  readonly Mode?: "fail" | "delay";
  readonly RenderTemplates?: boolean;
}

export interface ReschedulePolicy {
  readonly Attempts?: number;
  readonly Unlimited?: boolean;
  readonly Interval?: Nanoseconds;
  readonly Delay?: Nanoseconds;
  readonly DelayFunction?: "constant" | "exponential" | "fibonacci";
  readonly MaxDelay?: Nanoseconds;
}

/** What becomes of an allocation whose node does not answer. Nomad 1.8 or later. */
export interface Disconnect {
  /** Until then it is `unknown`, and continues when its node is back; later it is `lost`. */
  readonly LostAfter?: Nanoseconds;
  readonly StopOnClientAfter?: Nanoseconds;
  /** Whether another node may run it meanwhile. */
  readonly Replace?: boolean;
  /** Which of the two continues when the node is back. */
  readonly Reconcile?: "keep_replacement" | "keep_original" | "best_score" | "longest_running" | "";
}

export type Task = AnyTask & DriverAndConfig;

/** The drivers that run images, those that run programs of the host, and any other, whose configuration nobody checks. */
export type DriverAndConfig =
  | { readonly Driver: "docker" | "podman"; readonly Config: DockerConfig }
  | { readonly Driver: "exec" | "raw_exec"; readonly Config: ExecConfig }
  | { readonly Driver: "exec2" | "java" | "qemu"; readonly Config?: Readonly<Record<string, unknown>> };

export interface AnyTask {
  readonly Name: string;
  /** The image's own, or the client's default, when absent. */
  readonly User?: string;
  readonly Env?: Readonly<Record<string, string>>;
  /** A task starts again when this changes. */
  readonly Meta?: Readonly<Record<string, string>>;
  /** Absent: a main task. The allocation lives as long as its main tasks. */
  readonly Lifecycle?: {
    readonly Hook: "prestart" | "poststart" | "poststop";
    readonly Sidecar?: boolean;
  };
  readonly Leader?: boolean;
  readonly Constraints?: readonly Constraint[];
  readonly Affinities?: readonly Affinity[];
  readonly Services?: readonly Service[];
  readonly RestartPolicy?: RestartPolicy;
  /** The driver's or the image's own, when absent. */
  readonly KillSignal?: string;
  /** From that signal until the task is killed; the client's `max_kill_timeout` (30 s) limits it. */
  readonly KillTimeout?: Nanoseconds;
  readonly ShutdownDelay?: Nanoseconds;
  readonly Vault?: Vault;
  /** Nomad's own token of the task, as the file `nomad_token` beside its secrets. */
  readonly Identity?: Identity;
  readonly Identities?: readonly Identity[];
  readonly Artifacts?: readonly Artifact[];
  readonly Templates?: readonly Template[];
  readonly VolumeMounts?: readonly VolumeMount[];
  readonly Resources?: Resources;
  readonly LogConfig?: {
    readonly MaxFiles?: number;
    readonly MaxFileSizeMB?: number;
    readonly Disabled?: boolean;
    readonly Enabled?: boolean;
  };
  readonly Kind?: string;
  readonly Actions?: readonly unknown[];
  readonly ScalingPolicies?: readonly unknown[];
  readonly DispatchPayload?: unknown;
  readonly CSIPluginConfig?: unknown;
  readonly Consul?: unknown;
  readonly Schedule?: unknown;
  readonly Secrets?: readonly unknown[];
}

export interface Resources {
  readonly CPU?: number;
  readonly Cores?: number;
  readonly MemoryMB?: number;
  /** What a task may use while its client has memory to spare. */
  readonly MemoryMaxMB?: number;
  readonly DiskMB?: number;
  readonly IOPS?: number;
  readonly SecretsMB?: number;
  readonly Devices?: readonly {
    readonly Name: string;
    readonly Count?: number;
    readonly Constraints?: readonly Constraint[];
    readonly Affinities?: readonly Affinity[];
  }[];
  readonly NUMA?: unknown;
  readonly Networks?: readonly Network[];
}

export interface Identity {
  readonly Name?: string;
  readonly Audience?: readonly string[];
  readonly Env?: boolean;
  readonly File?: boolean;
  readonly Filepath?: string;
  readonly ServiceName?: string;
  readonly ChangeMode?: string;
  readonly ChangeSignal?: string;
  readonly TTL?: Nanoseconds;
}

export interface Artifact {
  readonly GetterSource: string;
  readonly GetterOptions?: Readonly<Record<string, string>>;
  readonly GetterHeaders?: Readonly<Record<string, string>>;
  readonly GetterMode?: string;
  readonly GetterInsecure?: boolean;
  readonly RelativeDest?: string;
  readonly Chown?: boolean;
}

/** How a task logs in to Vault, and what it sees of its token. */
export interface Vault {
  /** The JWT role. @default Nomad's `create_from_role` or the mount's default role */
  readonly Role?: string;
  /** Whether the task has the token in `VAULT_TOKEN`. @default true */
  readonly Env?: boolean;
  /** Whether no file of the task holds it. @default false */
  readonly DisableFile?: boolean;
  /** What becomes of the task when Nomad has to get a new token. @default "restart" */
  readonly ChangeMode?: "noop" | "restart" | "signal";
  readonly ChangeSignal?: string;
  readonly Namespace?: string;
  readonly Cluster?: string;
  readonly AllowTokenExpiration?: boolean;
  /** Nomad before 1.10, which had a token of its own. */
  readonly Policies?: readonly string[];
}

export interface TextTemplate extends Template {
  readonly EmbeddedTmpl: string;
}

export interface Template {
  readonly EmbeddedTmpl?: string;
  /** A file of the task's, such as an artifact, in place of a text. */
  readonly SourcePath?: string;
  readonly DestPath: string;
  /** Whether its lines are variables of the task. */
  readonly Envvars?: boolean;
  readonly Perms?: string;
  readonly Uid?: number;
  readonly Gid?: number;
  readonly ChangeMode?: "restart" | "noop" | "signal" | "script";
  readonly ChangeSignal?: string;
  readonly ChangeScript?: {
    readonly Command: string;
    readonly Args?: readonly string[];
    readonly Timeout?: Nanoseconds;
    readonly FailOnError?: boolean;
  };
  readonly ErrMissingKey?: boolean;
  readonly LeftDelim?: string;
  readonly RightDelim?: string;
  readonly Once?: boolean;
  readonly Splay?: Nanoseconds;
  readonly VaultGrace?: Nanoseconds;
  readonly Wait?: { readonly Min?: Nanoseconds; readonly Max?: Nanoseconds };
}
