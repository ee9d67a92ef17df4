/** Whether a deployed service's job may log in to Vault and read its secrets, and nothing else. */
import { z } from "zod";
import { vaultApi } from "../../connections/api";
import { ask } from "../../connections/ask";
import { policyText, readableSecrets, templateReads } from "../../constructs/workload-role";
import { workloadIdentityName } from "../../services/definition";
import { jobId, jobNamespace } from "../../services/job-definition";
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

async function problemsOf({ environment, env }: Look, { service, name }: CheckedService): Promise<Found> {
  const { vault, nomad } = environment;
  const identityName = workloadIdentityName(name);
  const api = vaultApi(vault, env);
  const [policy, role] = await Promise.all([
    ask(api, `/v1/sys/policies/acl/${identityName}`),
    ask(api, `/v1/auth/${vault.jwtAuth}/role/${identityName}`),
  ]);
  const told: string[] = [];
  const notChecked: string[] = [];
  const cure = `Run npx cdktf deploy ${name}`;
  const wanted = policyText(
    vault.mount,
    readableSecrets(service.definition),
    templateReads(service.definition),
  );
  const has = policyAnswer.safeParse(policy.body).data?.data.policy;
  if (policy.status === 404)
    told.push(
      `Vault has no policy ${identityName}: the job cannot read its password at its next start. ${cure}`,
    );
  else if (has === undefined) notChecked.push(unreadable("sys/policies/acl", policy.status));
  else if (squeezed(has) !== squeezed(wanted))
    told.push(`Vault's policy ${identityName} is not what pgmoor wrote: somebody changed it. ${cure}`);

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
      ...(data.token_policies?.includes(identityName) ? [] : ["token_policies"]),
    ];
    if (wrong.length > 0)
      told.push(
        `Vault's role ${identityName} has other ${wrong.join(", ")} than pgmoor wrote: somebody changed it. ${cure}`,
      );
  }
  return { problems: told.map((what) => ({ service: name, what })), notChecked };
}

/** A claim with one value: Terraform's provider writes it as a list of one. */
function is(claim: unknown, value: string): boolean {
  return (Array.isArray(claim) ? claim : [claim]).join("\n") === value;
}

function unreadable(path: string, status: number | undefined): string {
  return `Vault does not show ${path}/pgmoor-* to this token (${status === undefined ? "no answer" : `HTTP ${status}`})`;
}

const squeezed = (text: string) => text.replace(/\s+/g, " ").trim();
