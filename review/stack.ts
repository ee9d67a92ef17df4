/** A service's plan as the rules see it: without secrets, without what changes nothing. */
import { differences, isEmpty, type Difference } from "./diff";
import { readJobspec, type Jobspec } from "./jobspec";
import type { Attributes, Checks, NoPlan, Plan, ResourceChange, StackResources } from "./terraform-plan";
import type { Secrets } from "./secrets";

export type Action = "no-op" | "create" | "update" | "replace" | "delete" | "forget";

export interface Change {
  readonly address: string;
  readonly previousAddress?: string;
  readonly type: string;
  readonly action: Action;
  /** Terraform's reason: `replace_because_tainted`. */
  readonly reason?: string;
  readonly imported: boolean;
  readonly before: Attributes;
  readonly after: Attributes;
  /** What differs, of what the configuration says; not what the provider computes. */
  readonly differences: readonly Difference[];
  /** Attributes that the provider calls sensitive, that the configuration sets, and that the state would keep. */
  readonly keptSecrets: readonly string[];
}

export interface Stack {
  readonly service: string;
  /** Why there is no plan. */
  readonly noPlan?: NoPlan["pgmoor"];
  /** Terraform stopped at an error. */
  readonly errored: boolean;
  readonly changes: readonly Change[];
  /** What was changed since the last apply, and not by Terraform. */
  readonly drift: readonly Change[];
  /** Whether the service has moved and is confirmed: its stack has a check that says so (`constructs/phase-guard.ts`). */
  readonly canSettle?: boolean;
  /** What a first deploy would lose of the running job (`stacks/adoption.ts`). */
  readonly loses?: readonly string[];
  /** What somebody changed of the running job by hand, and this plan puts back (`stacks/drift.ts`). */
  readonly putsBack?: readonly string[];
  /** Whether its password is older than the environment allows (`survey/password-age.ts`). */
  readonly oldPassword?: boolean;
  /** Of a service that the plan moves: what is known of the newest backup (`survey/newest-backup.ts`). */
  readonly newestBackup?: string | undefined;
  /** Resources of the synthesized stack; absent: it was not given, so nobody knows what guards them. */
  readonly resources?: StackResources;
}

export interface StackInput {
  readonly service: string;
  readonly plan: Plan | NoPlan;
  readonly resources?: StackResources;
  /** Absent: nobody checked. */
  readonly checks?: Checks;
}

/** Reads the jobspecs, which a plan has as texts. */
export function withJobs(input: StackInput): StackInput {
  const { plan } = input;
  if ("pgmoor" in plan) return input;
  const opened = (list: readonly ResourceChange[]): ResourceChange[] =>
    list.map((one) =>
      one.type === "nomad_job"
        ? {
            ...one,
            change: { ...one.change, before: withJob(one.change.before), after: withJob(one.change.after) },
          }
        : one,
    );
  return {
    ...input,
    plan: {
      ...plan,
      resource_changes: opened(plan.resource_changes),
      resource_drift: opened(plan.resource_drift),
    },
  };
}

/** Has `secrets` know every secret of a plan, before any of them is read. */
export function noteSecrets({ plan }: StackInput, secrets: Secrets): void {
  if ("pgmoor" in plan) return secrets.note(plan.pgmoor);
  for (const { change } of [...plan.resource_changes, ...plan.resource_drift]) {
    if (!isNoOp(change)) secrets.note(change.before, change.before_sensitive);
    secrets.note(change.after, change.after_sensitive);
  }
}

function isNoOp({ actions }: ResourceChange["change"]): boolean {
  return actionOf(actions) === "no-op";
}

export function readStack({ service, plan, resources }: StackInput, secrets: Secrets): Stack {
  if ("pgmoor" in plan)
    return { service, noPlan: secrets.conceal(plan.pgmoor), errored: false, changes: [], drift: [] };
  const configured = new Map(
    (plan.configuration?.root_module.resources ?? []).map(({ address, expressions = {} }) => [
      address,
      new Set(Object.keys(expressions)),
    ]),
  );
  const changes = (list: readonly ResourceChange[]): Change[] =>
    list
      .filter(({ mode }) => mode === "managed")
      .map((change) => readChange(change, configured.get(withoutIndex(change.address)), secrets));
  return {
    service,
    errored: plan.errored,
    changes: changes(plan.resource_changes),
    drift: changes(plan.resource_drift),
    canSettle: warnsOf("settle", plan),
    loses: linesOf("job_loses", plan).map((line) => secrets.text(line)),
    putsBack: linesOf("job_drift", plan).map((line) => secrets.text(line)),
    oldPassword: warnsOf("password_age", plan),
    newestBackup: messagesOf("newest_backup", plan).map((text) => secrets.text(text))[0],
    resources,
  };
}

/** Whether a `check` block of this name has something to say. */
function warnsOf(check: string, { checks }: Plan): boolean {
  return checks.some(
    ({ address: { kind, name }, status }) => kind === "check" && name === check && status === "fail",
  );
}

/** The lines that begin with a hyphen in what a `check` block says. */
function linesOf(check: string, plan: Plan): string[] {
  return messagesOf(check, plan)
    .flatMap((message) => message.split("\n"))
    .filter((line) => line.startsWith("- "))
    .map((line) => line.slice(2));
}

/** How Terraform goes about it, which changes nothing for anyone. */
const mechanics: ReadonlySet<string> = new Set(["detach", "json", "timeouts"]);

function readChange(
  { address, previous_address, type, action_reason, change }: ResourceChange,
  configured: ReadonlySet<string> | undefined,
  secrets: Secrets,
): Change {
  const after = secrets.conceal(change.after ?? {}, change.after_sensitive);
  const before = isNoOp(change) ? after : secrets.conceal(change.before ?? {}, change.before_sensitive);
  const action = actionOf(change.actions);
  const known = (name: string): boolean => !isUnknown(change.after_unknown, name);
  const meant = (name: string): boolean => (configured?.has(name) ?? true) && !mechanics.has(name);
  return {
    address: secrets.text(address),
    previousAddress: previous_address === undefined ? undefined : secrets.text(previous_address),
    type,
    action,
    reason: action_reason,
    imported: change.importing !== undefined,
    before,
    after,
    differences:
      action === "no-op"
        ? []
        : [...new Set([...Object.keys(before), ...Object.keys(after)])]
            .filter((name) => known(name) && meant(name))
            .flatMap((name) => differences(before[name], after[name], name)),
    keptSecrets:
      action === "delete" || action === "forget"
        ? []
        : Object.entries((change.after_sensitive ?? {}) as Attributes)
            .filter(([name, marks]) => marks === true && configured?.has(name))
            .filter(([name]) => !isEmpty(after[name]) || !known(name))
            .map(([name]) => name),
  };
}

function withJob(attributes: ResourceChange["change"]["before"]): ResourceChange["change"]["before"] {
  if (attributes == null) return attributes;
  const { jobspec } = attributes;
  if (typeof jobspec !== "string") return attributes;
  try {
    const job: unknown = JSON.parse(jobspec);
    return { ...attributes, jobspec: typeof job === "object" && job !== null ? job : null };
  } catch {
    // Written by hand, in HCL: nothing of ours to compare with.
    return { ...attributes, jobspec: null };
  }
}

/** Whether the object is gone afterwards, even if another takes its place. */
export function ends({ action }: Change): boolean {
  return action === "delete" || action === "replace";
}

/** Whether it is a job that Terraform may forget or make anew, and not stop. */
export function staysInNomad({ type, before }: Change): boolean {
  return type === "nomad_job" && before.deregister_on_destroy === false;
}

export function jobBefore({ before }: Change): Jobspec | undefined {
  return readJobspec(before.jobspec);
}

export function jobAfter({ after }: Change): Jobspec | undefined {
  return readJobspec(after.jobspec);
}

function actionOf(actions: ResourceChange["change"]["actions"]): Action {
  if (actions.includes("create")) return actions.includes("delete") ? "replace" : "create";
  const [action = "no-op"] = actions;
  return action === "read" ? "no-op" : action;
}

/** Whether nothing of an attribute is known. */
function isUnknown(unknown: unknown, name: string): boolean {
  return typeof unknown === "object" && unknown !== null && (unknown as Attributes)[name] === true;
}

/** `postgresql_grant.x["a"]` is configured as `postgresql_grant.x`. */
function withoutIndex(address: string): string {
  return address.replace(/\[[^\]]*\]$/, "");
}

function messagesOf(check: string, { checks }: Plan): string[] {
  return checks
    .filter(({ address: { kind, name }, status }) => kind === "check" && name === check && status === "fail")
    .flatMap(({ instances }) => instances.flatMap(({ problems }) => problems))
    .map(({ message }) => message);
}
