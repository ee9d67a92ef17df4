/** Whether a deployed service's job may log in to Vault and read its secrets, and nothing else. */
import { z } from "zod";
import { vaultApi } from "../../connections/api";
import { ask } from "../../connections/ask";
import {
  movingSecrets,
  policyText,
  readableSecrets,
  sourcePolicyName,
  templateReads,
} from "../../constructs/workload-role";
import { workloadIdentityName } from "../../services/definition";
import { hasJobspec, jobId, jobNamespace } from "../../services/job-definition";
import { jobProps } from "../../stacks/wanted-job";
import { atATime } from "../../status/at-a-time";
import { isTold } from "../../status/report";
import type { CheckedService, Found, Look, Probe } from "../probe";

const policyAnswer = z.object({ data: z.object({ policy: z.string() }) });
const roleAnswer = z.object({
  data: z.object({
    bound_audiences: z.array(z.string()).nullish(),
    bound_claims: z.record(z.string(), z.unknown()).nullish(),
    token_policies: z.array(z.string()).nullish(),
  }),
});

export const identity: Probe = {
  name: "identity",
  needs: ["vault", "nomad"],
  async look(look) {
    // A job that pgmoor has not deployed yet has none.
    const deployed = look.services.filter(({ job }) => isTold(job) && job.phase !== null);
    const all = await atATime(8, deployed, (service) => problemsOf(look, service));
    return {
      problems: all.flatMap(({ problems = [] }) => problems),
      notChecked: all.flatMap(({ notChecked = [] }) => notChecked),
    };
  },
};

async function problemsOf(look: Look, checked: CheckedService): Promise<Found> {
  const { environment, env } = look;
  const { service, name } = checked;
  const { vault, nomad } = environment;
  const identityName = workloadIdentityName(name);
  const api = vaultApi(vault, env);
  const wanted = policiesOf(look, checked);
  const [role, ...policies] = await Promise.all([
    ask(api, `/v1/auth/${vault.jwtAuth}/role/${identityName}`),
    ...wanted.map((one) => ask(api, `/v1/sys/policies/acl/${one.name}`)),
  ]);
  const told: string[] = [];
  const notChecked: string[] = [];
  const cure = `Run npx cdktf deploy ${name}`;
  // Somebody's job on its source is the same before its first deploy, and after it.
  const isKept = isTold(checked.job) && checked.job.phase === "prepared" && hasJobspec(service.definition);
  if (isKept && [role, ...policies].every(({ status }) => status === 404)) return {};
  for (const [index, { name: policy, text, without }] of wanted.entries()) {
    const { status, body } = policies[index]!;
    const has = policyAnswer.safeParse(body).data?.data.policy;
    if (status === 404) told.push(`Vault has no policy ${policy}: ${without}. ${cure}`);
    else if (has === undefined) notChecked.push(unreadable("sys/policies/acl", status));
    else if (squeezed(has) !== squeezed(text))
      told.push(`Vault's policy ${policy} is not what pgmoor wrote: somebody changed it. ${cure}`);
  }

  const { data } = roleAnswer.safeParse(role.body).data ?? {};
  if (role.status === 404)
    told.push(
      `Vault has no role ${identityName} in auth/${vault.jwtAuth}: the job cannot log in at its next start. ${cure}`,
    );
  else if (data === undefined) notChecked.push(unreadable(`auth/${vault.jwtAuth}/role`, role.status));
  else {
    const claims = data.bound_claims ?? {};
    const wrong = [
      ...(is(claims.nomad_job_id, jobId(service.definition)) &&
      is(claims.nomad_namespace, jobNamespace(service.definition, nomad.namespace))
        ? []
        : ["bound_claims"]),
      ...(data.bound_audiences?.join() === vault.audience ? [] : ["bound_audiences"]),
      ...(wanted.every((policy) => data.token_policies?.includes(policy.name)) ? [] : ["token_policies"]),
    ];
    if (wrong.length > 0)
      told.push(
        `Vault's role ${identityName} has other ${wrong.join(", ")} than pgmoor wrote: somebody changed it. ${cure}`,
      );
  }
  return { problems: told.map((what) => ({ service: name, what })), notChecked };
}

interface Policy {
  readonly name: string;
  readonly text: string;
  /** What the job lacks while Vault does not have it. */
  readonly without: string;
}

function policiesOf({ environment }: Look, { service, name, job }: CheckedService): Policy[] {
  const { definition } = service;
  const { mount } = environment.vault;
  const own = {
    name: workloadIdentityName(name),
    text: policyText(mount, readableSecrets(definition), templateReads(definition)),
    without: "the job cannot read its password at its next start",
  };
  const moving = movingSecrets(definition, jobProps(environment, service).migrator);
  // The next deploy takes it away, or brings it back.
  const isSettled = service.phase === "settled" || (isTold(job) && job.phase === "settled");
  if (moving.length === 0 || isSettled) return [own];
  const source = {
    name: sourcePolicyName(name),
    text: policyText(mount, moving),
    without: `the job can neither move nor go back, and in cutover it cannot start: it reads ${moving.join(", ")}`,
  };
  return [own, source];
}

/** A claim with one value: Terraform's provider writes it as a list of one. */
function is(claim: unknown, value: string): boolean {
  return (Array.isArray(claim) ? claim : [claim]).join("\n") === value;
}

function unreadable(path: string, status: number | undefined): string {
  return `Vault does not show ${path}/pgmoor-* to this token (${status === undefined ? "no answer" : `HTTP ${status}`})`;
}

const squeezed = (text: string) => text.replace(/\s+/g, " ").trim();
