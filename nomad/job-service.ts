/** Services of a job and their checks. Source: `api/services.go` of Nomad 1.11.2. */
import type { Nanoseconds } from "./duration";

export interface Service {
  /** @default `JOB-GROUP-TASK` */
  readonly Name?: string;
  /** @default "consul" */
  readonly Provider?: "consul" | "nomad";
  readonly PortLabel?: string;
  readonly Tags?: readonly string[];
  readonly CanaryTags?: readonly string[];
  readonly Checks?: readonly Check[];
  readonly AddressMode?: "auto" | "host" | "driver" | "alloc" | "alloc_ipv6" | "";
  readonly Address?: string;
  readonly TaskName?: string;
  readonly Meta?: Readonly<Record<string, string>>;
  readonly CanaryMeta?: Readonly<Record<string, string>>;
  readonly TaggedAddresses?: Readonly<Record<string, string>>;
  readonly EnableTagOverride?: boolean;
  readonly OnUpdate?: "require_healthy" | "ignore_warnings" | "ignore" | "";
  readonly Weights?: { readonly Passing?: number; readonly Warning?: number };
  readonly Identity?: unknown;
  readonly Kind?: string;
  readonly Namespace?: string;
  readonly Cluster?: string;
  /** A job in Consul's service mesh cannot be moved: its tasks do not see the server as the migrator does. */
  readonly Connect?: never;
}

/** A check says what its kind needs. */
export type Check = HttpCheck | TcpCheck | GrpcCheck | ScriptCheck;

interface AnyCheck {
  readonly Name?: string;
  readonly Interval: Nanoseconds;
  readonly Timeout: Nanoseconds;
  /** Restarts the task after `Limit` failures in a row, once `Grace` has passed since its start. */
  readonly CheckRestart?: {
    readonly Limit?: number;
    readonly Grace?: Nanoseconds;
    readonly IgnoreWarnings?: boolean;
  };
  /** @default the service's */
  readonly PortLabel?: string;
  readonly AddressMode?: string;
  readonly InitialStatus?: string;
  readonly SuccessBeforePassing?: number;
  readonly FailuresBeforeCritical?: number;
  readonly FailuresBeforeWarning?: number;
  readonly OnUpdate?: string;
  readonly TaskName?: string;
  readonly Notes?: string;
  readonly Expose?: boolean;
  readonly TLSServerName?: string;
  readonly TLSSkipVerify?: boolean;
}

export interface HttpCheck extends AnyCheck {
  readonly Type: "http";
  readonly Path: string;
  readonly Method?: string;
  readonly Protocol?: "http" | "https" | "";
  readonly Header?: Readonly<Record<string, readonly string[]>>;
  readonly Body?: string;
}

export interface TcpCheck extends AnyCheck {
  readonly Type: "tcp";
}

export interface GrpcCheck extends AnyCheck {
  readonly Type: "grpc";
  readonly GRPCService?: string;
  readonly GRPCUseTLS?: boolean;
}

export interface ScriptCheck extends AnyCheck {
  readonly Type: "script";
  readonly Command: string;
  readonly Args?: readonly string[];
}
