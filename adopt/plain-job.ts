/**
 * The job that a person wrote, as near as can be told: without what Nomad has added to it and without what Nomad would fill in.
 * Nomad has the last word: `adopt` asks it whether the plain job is the job that runs, and else takes the whole one.
 * Source of the defaults: `Canonicalize` in `api/jobs.go`, `api/tasks.go`, `api/services.go`, `api/resources.go`, and the hooks
 * of `nomad/job_endpoint_hooks.go`, in Nomad 1.11.2.
 */
import { isDeepStrictEqual } from "node:util";
import { minutes, seconds } from "../nomad/duration";
import type { Job } from "../nomad/job";

export type Json = Readonly<Record<string, unknown>>;

/** What Nomad keeps of a job besides its specification. */
const kept = new Set([
  "CreateIndex",
  "Dispatched",
  "DispatchIdempotencyToken",
  "JobModifyIndex",
  "ModifyIndex",
  "NomadTokenID",
  "ParentID",
  "Stable",
  "Status",
  "StatusDescription",
  "Stop",
  "SubmitTime",
  "Version",
  "VersionTag",
]);

/** A struct of the API: what its fields are without being said, and what is inside. */
interface Struct {
  readonly defaults?: Json;
  readonly one?: Readonly<Record<string, Struct>>;
  readonly list?: Readonly<Record<string, Struct>>;
  readonly map?: Readonly<Record<string, Struct>>;
  /** Fields that are left out whole when they are this, and are else said whole. */
  readonly whole?: Json;
}

const check: Struct = {
  defaults: {
    Expose: false,
    FailuresBeforeCritical: 0,
    FailuresBeforeWarning: 0,
    GRPCUseTLS: false,
    OnUpdate: "require_healthy",
    SuccessBeforePassing: 0,
    TLSSkipVerify: false,
  },
};
const service: Struct = {
  defaults: {
    AddressMode: "auto",
    Cluster: "default",
    EnableTagOverride: false,
    Namespace: "default",
    OnUpdate: "require_healthy",
    Provider: "consul",
  },
  list: { Checks: check },
};
const port: Struct = { defaults: { HostNetwork: "default", IgnoreCollision: false, To: 0 } };
const network: Struct = { defaults: { MBits: 0 }, list: { ReservedPorts: port, DynamicPorts: port } };
const template: Struct = {
  defaults: {
    ChangeMode: "restart",
    Envvars: false,
    ErrMissingKey: false,
    LeftDelim: "{{",
    Once: false,
    Perms: "0644",
    RightDelim: "}}",
    Splay: seconds(5),
    VaultGrace: 0,
  },
};
const vault: Struct = {
  defaults: {
    AllowTokenExpiration: false,
    ChangeMode: "restart",
    ChangeSignal: "SIGHUP",
    Cluster: "default",
    DisableFile: false,
    Env: true,
  },
};
const task: Struct = {
  defaults: { KillTimeout: seconds(5), Leader: false, ShutdownDelay: 0 },
  whole: { LogConfig: { Disabled: false, MaxFileSizeMB: 10, MaxFiles: 10 } },
  one: {
    Resources: { defaults: { Cores: 0, DiskMB: 0, IOPS: 0, MemoryMaxMB: 0, SecretsMB: 0 } },
    Vault: vault,
    Lifecycle: { defaults: { Sidecar: false } },
  },
  list: {
    Services: service,
    Templates: template,
    VolumeMounts: { defaults: { PropagationMode: "private", ReadOnly: false } },
    Artifacts: { defaults: { Chown: false, GetterInsecure: false, GetterMode: "any" } },
  },
};
const group: Struct = {
  defaults: { Count: 1, PreventRescheduleOnLost: false },
  whole: {
    EphemeralDisk: { Migrate: false, SizeMB: 300, Sticky: false },
    Migrate: {
      HealthCheck: "checks",
      HealthyDeadline: minutes(5),
      MaxParallel: 1,
      MinHealthyTime: seconds(10),
    },
    ReschedulePolicy: {
      Attempts: 0,
      Delay: seconds(30),
      DelayFunction: "exponential",
      Interval: 0,
      MaxDelay: minutes(60),
      Unlimited: true,
    },
    RestartPolicy: {
      Attempts: 2,
      Delay: seconds(15),
      Interval: minutes(30),
      Mode: "fail",
      RenderTemplates: false,
    },
    Update: {
      AutoPromote: false,
      AutoRevert: false,
      Canary: 0,
      HealthCheck: "checks",
      HealthyDeadline: minutes(5),
      MaxParallel: 1,
      MinHealthyTime: seconds(10),
      ProgressDeadline: minutes(10),
      Stagger: seconds(30),
    },
  },
  list: { Networks: network, Services: service, Tasks: task },
  map: { Volumes: { defaults: { PerAlloc: false, ReadOnly: false, Sticky: false } } },
};
const job: Struct = {
  defaults: { AllAtOnce: false, NodePool: "default", Priority: 50, Region: "global" },
  // Nomad keeps two fields of it; what counts is each group's.
  whole: {
    Update: { MaxParallel: 1, Stagger: seconds(30) },
  },
  list: { TaskGroups: group },
};

/** The job without anything that Nomad adds or fills in. @param running what `/v1/job/JOB` answers */
export function plainJob(running: Json): Job {
  const plain = withoutDefaults(job, specification(running)) as Record<string, unknown>;
  const groups = (plain.TaskGroups ?? []) as Record<string, unknown>[];
  return { ...plain, TaskGroups: groups.map(plainGroup) } as unknown as Job;
}

/** The whole job, as Nomad has it. */
export function wholeJob(running: Json): Job {
  return withoutNothing(specification(running)) as Job;
}

function specification(running: Json): Json {
  const { Update, ...fields } = Object.fromEntries(
    Object.entries(running).filter(([name]) => !kept.has(name)),
  );
  const { MaxParallel, Stagger } = (Update ?? {}) as Json;
  return { ...fields, ...(MaxParallel === undefined ? {} : { Update: { MaxParallel, Stagger } }) };
}

/** Lists and texts that say nothing, as Go has them. */
function isNothing(value: unknown): boolean {
  return (
    value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

function withoutDefaults(
  { defaults = {}, whole = {}, one = {}, list = {}, map = {} }: Struct,
  value: unknown,
): unknown {
  const fields = Object.entries(value as Json).flatMap(([name, field]): [string, unknown][] => {
    if (isNothing(field) || field === defaults[name]) return [];
    if (name in whole) {
      const said = Object.fromEntries(Object.entries(field as Json).filter(([, one]) => !isNothing(one)));
      return isDeepStrictEqual(said, whole[name]) ? [] : [[name, said]];
    }
    const struct = one[name];
    if (struct !== undefined) return [[name, withoutDefaults(struct, field)]];
    const item = list[name];
    if (item !== undefined) return [[name, (field as unknown[]).map((each) => withoutDefaults(item, each))]];
    const member = map[name];
    if (member !== undefined)
      return [
        [
          name,
          Object.fromEntries(
            Object.entries(field as Json).map(([key, each]) => [key, withoutDefaults(member, each)]),
          ),
        ],
      ];
    return [[name, withoutNothing(field)]];
  });
  return Object.fromEntries(fields);
}

/** Only what Go leaves out as well. Values of maps, such as a variable's empty text, stay. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) =>
      field === null ? [] : [[name, withoutNothing(field)] as const],
    ),
  );
}

interface Constrained {
  readonly Constraints?: readonly Json[];
  readonly Services?: readonly Json[];
}
type GroupJson = Constrained & { readonly Name: string; readonly Tasks?: readonly TaskJson[] } & Json;
type TaskJson = Constrained & {
  readonly Name: string;
  readonly Identity?: Json;
  readonly Identities?: readonly Json[];
  readonly RestartPolicy?: unknown;
} & Json;

function plainGroup(value: Record<string, unknown>): Json {
  const group = value as unknown as GroupJson;
  const tasks = (group.Tasks ?? []).map((task) => plainTask(task, group));
  return { ...withoutImplied(group), Tasks: tasks };
}

const restarts = group.whole!.RestartPolicy;

function plainTask(task: TaskJson, { RestartPolicy = restarts }: GroupJson): Json {
  const { Identity, Identities, RestartPolicy: own, ...fields } = withoutImplied(task);
  const identities = (Identities ?? []).filter((one) => !isInjected(one));
  const isDefault = Identity?.Name === "default" && Identity.Env === false && Identity.File === false;
  return {
    ...fields,
    ...(own === undefined || isDeepStrictEqual(own, RestartPolicy) ? {} : { RestartPolicy: own }),
    ...(Identity === undefined || isDefault ? {} : { Identity }),
    ...(identities.length === 0 ? {} : { Identities: identities }),
  };
}

/** Nomad adds the constraints that a job's Vault, Consul or network needs, and completes services by their task. */
function withoutImplied<T extends Constrained & { readonly Name: string }>(value: T): T {
  const { Constraints, Services, ...fields } = value;
  const constraints = (Constraints ?? []).filter((one) => !isImplied(one));
  return {
    ...fields,
    ...(constraints.length === 0 ? {} : { Constraints: constraints }),
    ...(Services === undefined ? {} : { Services: Services.map((one) => plainService(one, value.Name)) }),
  } as T;
}

function isImplied({ LTarget, Operand }: Json): boolean {
  return Operand === "semver" && /^\$\{attr\.(vault|consul|nomad)[\w.]*\.version\}$/.test(String(LTarget));
}

/** What the server's configuration gives to every task that uses Vault. */
function isInjected({ Name }: Json): boolean {
  return /^(vault|consul)_default$/.test(String(Name));
}

function plainService(service: Json, task: string): Json {
  const { TaskName, Checks, Identity, ...fields } = service;
  const checks = (Checks as readonly Json[] | undefined)?.map((check) => {
    const { TaskName: ofCheck, Name, ...rest } = check;
    return {
      ...(Name === `service: "${String(service.Name)}" check` ? {} : { Name }),
      ...rest,
      ...(ofCheck === undefined || ofCheck === task ? {} : { TaskName: ofCheck }),
    };
  });
  // What the server's configuration gives to every service of Consul's.
  const injected = /^consul-service_/.test(String((Identity as Json | undefined)?.Name));
  return {
    ...fields,
    ...(Identity === undefined || injected ? {} : { Identity }),
    ...(TaskName === undefined || TaskName === task ? {} : { TaskName }),
    ...(checks === undefined ? {} : { Checks: checks }),
  };
}
