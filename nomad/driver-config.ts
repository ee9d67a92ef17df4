/**
 * What a task's driver is told, in the words of its HCL.
 * Sources: https://developer.hashicorp.com/nomad/docs/job-declare/task-driver/docker (`drivers/docker/config.go` of Nomad
 * 1.11.2), https://developer.hashicorp.com/nomad/plugins/drivers/podman, and the pages of `exec` and `raw_exec`.
 */

/** HCL leaves the kind of a value to the driver, which converts it: `args = [5432]`, `privileged = "true"`. */
export type Scalar = string | number | boolean;

/** A value of a driver's configuration that is a list of texts, or one text, whatever its HCL has written. */
export function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return ["string", "number", "boolean"].includes(typeof value) ? [String(value)] : [];
}

/** Likewise, of a block or a list of blocks. */
export function blocksOf(value: unknown): Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(blocksOf);
  return typeof value === "object" && value !== null ? [value as Readonly<Record<string, unknown>>] : [];
}

/** A mount that the driver makes itself. A relative `source` is in the task's own folder. */
export interface DockerMount {
  readonly type?: "bind" | "volume" | "tmpfs";
  readonly source?: string;
  readonly target: string;
  readonly readonly?: Scalar;
  readonly [option: string]: unknown;
}

/** The options that people use have their types here; a driver has more, and newer ones. */
export interface DockerConfig {
  readonly image: string;
  readonly command?: Scalar;
  readonly args?: readonly Scalar[];
  readonly entrypoint?: Scalar | readonly Scalar[];
  readonly ports?: readonly Scalar[];
  /** `host`, `bridge`, `none`, `container:NAME`, or the name of a network. */
  readonly network_mode?: Scalar;
  readonly network_aliases?: readonly Scalar[];
  readonly hostname?: Scalar;
  readonly ipv4_address?: Scalar;
  /** `SOURCE:DESTINATION[:OPTIONS]`. */
  readonly volumes?: readonly Scalar[];
  readonly volume_driver?: Scalar;
  readonly mount?: readonly DockerMount[] | DockerMount;
  readonly mounts?: readonly DockerMount[];
  readonly devices?: readonly Readonly<Record<string, Scalar>>[] | readonly Scalar[];
  readonly labels?: Readonly<Record<string, Scalar>> | readonly Readonly<Record<string, Scalar>>[];
  readonly logging?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
  readonly dns_servers?: readonly Scalar[];
  readonly dns_search_domains?: readonly Scalar[];
  readonly dns_options?: readonly Scalar[];
  /** `NAME:ADDRESS`. */
  readonly extra_hosts?: readonly Scalar[];
  readonly cap_add?: readonly Scalar[];
  readonly cap_drop?: readonly Scalar[];
  readonly privileged?: Scalar;
  readonly readonly_rootfs?: Scalar;
  readonly security_opt?: readonly Scalar[];
  readonly sysctl?: Readonly<Record<string, Scalar>> | readonly Readonly<Record<string, Scalar>>[];
  readonly ulimit?: Readonly<Record<string, Scalar>> | readonly Readonly<Record<string, Scalar>>[];
  readonly tmpfs?: readonly Scalar[];
  readonly shm_size?: Scalar;
  readonly init?: Scalar;
  readonly interactive?: Scalar;
  readonly tty?: Scalar;
  readonly force_pull?: Scalar;
  readonly image_pull_timeout?: Scalar;
  readonly work_dir?: Scalar;
  readonly ipc_mode?: Scalar;
  readonly pid_mode?: Scalar;
  readonly userns_mode?: Scalar;
  readonly uts_mode?: Scalar;
  readonly runtime?: Scalar;
  readonly isolation?: Scalar;
  readonly pids_limit?: Scalar;
  readonly group_add?: readonly Scalar[];
  readonly auth?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
  readonly auth_soft_fail?: Scalar;
  readonly healthchecks?: unknown;
  readonly [option: string]: unknown;
}

export interface ExecConfig {
  readonly command: Scalar;
  readonly args?: readonly Scalar[];
  readonly cap_add?: readonly Scalar[];
  readonly cap_drop?: readonly Scalar[];
  readonly pid_mode?: Scalar;
  readonly ipc_mode?: Scalar;
  readonly work_dir?: Scalar;
  readonly [option: string]: unknown;
}
