/** The review of many services' plans: what happens, what is risky, whether it may be. */
import { detailOf, type Detail } from "./details";
import { effectsOf } from "./effects";
import { alwaysFailing, noAllowances, type Allowances } from "./policy";
import { rules } from "./rules";
import { risks, type Risk, type ReviewRule } from "./rules/rule";
import { Secrets } from "./secrets";
import { noteSecrets, readStack, withJobs, type Stack, type StackInput } from "./stack";

export interface Finding {
  readonly risk: Risk;
  /** The word that allows it. */
  readonly rule: string;
  readonly address: string;
  readonly reason: string;
  /** The pull request says so. */
  readonly allowed: boolean;
  /** It makes the review fail. */
  readonly fails: boolean;
}

export interface ServiceReview {
  readonly service: string;
  /** Phrases; none: nothing happens. */
  readonly happens: readonly string[];
  /** The heaviest first. */
  readonly findings: readonly Finding[];
  readonly details: readonly Detail[];
}

export interface Review {
  readonly verdict: "pass" | "fail";
  /** The riskiest first. */
  readonly services: readonly ServiceReview[];
  /** What else its readers should know: allowances that allow nothing, files that were not there. */
  readonly notes: readonly string[];
}

export interface ReviewOptions {
  /** @default nothing but plans that cannot be applied */
  readonly failOn?: readonly Risk[];
  readonly allowances?: Allowances;
  /** @default all */
  readonly rules?: readonly ReviewRule[];
}

export const ruleIds: ReadonlySet<string> = new Set(rules.map(({ id }) => id));

export function review(inputs: readonly StackInput[], options: ReviewOptions = {}): Review {
  const { allowances = noAllowances } = options;
  const secrets = new Secrets();
  const opened = inputs.map(withJobs);
  for (const input of opened) noteSecrets(input, secrets);
  const stacks = opened.map((input) => readStack(input, secrets));
  const services = stacks.map((stack) => reviewService(stack, options)).sort(riskiestFirst);
  const findings = services.flatMap((service) => service.findings);
  return {
    verdict: findings.some(({ fails }) => fails) ? "fail" : "pass",
    services,
    notes: [
      ...allowances.unread.map((line) => `Cannot parse this line: ${secrets.text(line)}`),
      ...allowances.allowed
        .filter((allowance) => !findings.some((finding) => matches(finding, allowance)))
        .map(({ rule, address }) => `Allowed, but not in the plan: ${rule} ${secrets.text(address)}`),
      ...unguardedNote(stacks),
      ...settleNote(stacks),
      ...oldPasswordNote(stacks),
      ...newestBackupNotes(stacks),
      ...checkNotes(inputs).map((note) => secrets.text(note)),
    ],
  };
}

function reviewService(
  stack: Stack,
  { failOn = [], allowances = noAllowances, rules: asked = rules }: ReviewOptions,
): ServiceReview {
  const failing = new Set([...alwaysFailing, ...failOn]);
  const findings = asked
    .flatMap(({ id, risk, find }) =>
      find(stack).map(({ address, reason }): Finding => {
        const allowed =
          risk !== "failed" &&
          allowances.allowed.some((allowance) => matches({ rule: id, address }, allowance));
        return { risk, rule: id, address, reason, allowed, fails: failing.has(risk) && !allowed };
      }),
    )
    .sort((a, b) => risks.indexOf(a.risk) - risks.indexOf(b.risk));
  return {
    service: stack.service,
    happens: effectsOf(stack),
    findings,
    details: stack.changes.map(detailOf).filter((detail) => detail !== undefined),
  };
}

function matches(
  finding: Pick<Finding, "rule" | "address">,
  allowance: Pick<Finding, "rule" | "address">,
): boolean {
  return finding.rule === allowance.rule && finding.address === allowance.address;
}

/** What fails before what does not, then by risk, then what changes, then by name. */
function riskiestFirst(a: ServiceReview, b: ServiceReview): number {
  const weight = ({ findings, happens }: ServiceReview): number => {
    const worst = findings[0];
    const rank =
      worst === undefined ? risks.length + (happens.length > 0 ? 0 : 1) : risks.indexOf(worst.risk);
    return findings.some(({ fails }) => fails) ? rank - risks.length : rank;
  };
  return weight(a) - weight(b) || (a.service < b.service ? -1 : a.service > b.service ? 1 : 0);
}

function settleNote(stacks: readonly Stack[]): string[] {
  const names = stacks.filter(({ canSettle }) => canSettle).map(({ service }) => service);
  if (names.length === 0) return [];
  const [have, they] = names.length === 1 ? ["has", "it"] : ["have", "they"];
  return [
    `${names.join(", ")} ${have} moved and ${have} been confirmed: ${they} can be settled (phase "settled").`,
  ];
}

function oldPasswordNote(stacks: readonly Stack[]): string[] {
  const names = stacks.filter(({ oldPassword }) => oldPassword).map(({ service }) => service);
  if (names.length === 0) return [];
  const [passwords, are] = names.length === 1 ? ["password", "is"] : ["passwords", "are"];
  return [
    `The ${passwords} of ${names.join(", ")} ${are} older than the environment allows (passwordMaxAgeDays): rotate by one more passwordVersion.`,
  ];
}

/** Each once, though several services may move. */
function newestBackupNotes(stacks: readonly Stack[]): string[] {
  const texts = new Set(stacks.flatMap(({ newestBackup }) => newestBackup ?? []));
  return [...texts].map((text) => {
    const names = stacks.filter(({ newestBackup }) => newestBackup === text).map(({ service }) => service);
    return `Before the move of ${names.join(", ")}: ${text}`;
  });
}

/** What else would stop a deploy, or a start: each once, though it may be about all services. */
function checkNotes(inputs: readonly StackInput[]): string[] {
  const checks = inputs.flatMap(({ checks }) => checks ?? []);
  const problems = checks.flatMap(({ problems }) =>
    problems.map(
      ({ service, probe, what }) =>
        `pgmoor check (${probe}): ${service === null ? "" : `${service}: `}${what}`,
    ),
  );
  const notChecked = checks.flatMap(({ notChecked }) =>
    notChecked.map(({ probe, why }) => `pgmoor check could not look (${probe}): ${why}`),
  );
  return [...new Set([...problems, ...notChecked])];
}

function unguardedNote(stacks: readonly Stack[]): string[] {
  const blind = stacks.filter(({ resources, noPlan }) => resources === undefined && noPlan === undefined);
  return blind.length === 0
    ? []
    : [
        `The review cannot tell whether ${blind.length === 1 ? blind[0]!.service : `${blind.length} services`} lost prevent_destroy: there is no cdk.tf.json beside the plan.`,
      ];
}
