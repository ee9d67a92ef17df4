/**
 * What a task's driver is told, in the words of its HCL.
 * Sources: https://developer.hashicorp.com/nomad/docs/job-declare/task-driver/docker (`drivers/docker/config.go` of Nomad
 * 1.11.2), https://developer.hashicorp.com/nomad/plugins/drivers/podman, and the pages of `exec` and `raw_exec`.
 */

/** A mount that the driver makes itself. A relative `source` is in the task's own folder. */
export interface DockerMount {
  readonly type?: "bind" | "volume" | "tmpfs";
  readonly source?: string;
  readonly target: string;
  readonly readonly?: boolean;
  readonly [option: string]: unknown;
}

/** The options that people use have their types here; a driver has more, and newer ones. */
export interface DockerConfig {
  readonly image: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly entrypoint?: string | readonly string[];
  readonly ports?: readonly string[];
  /** `host`, `bridge`, `none`, `container:NAME`, or the name of a network. */
  readonly network_mode?: string;
  readonly network_aliases?: readonly string[];
  readonly hostname?: string;
  readonly ipv4_address?: string;
  /** `SOURCE:DESTINATION[:OPTIONS]`. */
  readonly volumes?: readonly string[];
  readonly volume_driver?: string;
  readonly mount?: readonly DockerMount[] | DockerMount;
  readonly mounts?: readonly DockerMount[];
  readonly devices?: readonly Readonly<Record<string, string>>[] | readonly string[];
  readonly labels?: Readonly<Record<string, string>> | readonly Readonly<Record<string, string>>[];
  readonly logging?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
  readonly dns_servers?: readonly string[];
  readonly dns_search_domains?: readonly string[];
  readonly dns_options?: readonly string[];
  /** `NAME:ADDRESS`. */
  readonly extra_hosts?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly privileged?: boolean;
  readonly readonly_rootfs?: boolean;
  readonly security_opt?: readonly string[];
  readonly sysctl?: Readonly<Record<string, string>> | readonly Readonly<Record<string, string>>[];
  readonly ulimit?: Readonly<Record<string, string>> | readonly Readonly<Record<string, string>>[];
  readonly tmpfs?: readonly string[];
  readonly shm_size?: number;
  readonly init?: boolean;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly force_pull?: boolean;
  readonly image_pull_timeout?: string;
  readonly work_dir?: string;
  readonly ipc_mode?: string;
  readonly pid_mode?: string;
  readonly userns_mode?: string;
  readonly uts_mode?: string;
  readonly runtime?: string;
  readonly isolation?: string;
  readonly pids_limit?: number;
  readonly group_add?: readonly string[];
  readonly auth?: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
  readonly auth_soft_fail?: boolean;
  readonly healthchecks?: unknown;
  readonly [option: string]: unknown;
}

export interface ExecConfig {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly pid_mode?: string;
  readonly ipc_mode?: string;
  readonly work_dir?: string;
  readonly [option: string]: unknown;
}
