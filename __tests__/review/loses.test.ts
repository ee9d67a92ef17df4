import { readAllowances } from "../../review/policy";
import { review, ruleIds } from "../../review/review";
import { planSchema, type Plan } from "../../review/terraform-plan";

/** As `terraform show -json` has a failed check of `stacks/adoption.ts`. */
const plan = planSchema.parse({
  format_version: "1.2",
  resource_changes: [
    {
      address: "nomad_job.gitea",
      mode: "managed",
      type: "nomad_job",
      change: {
        actions: ["update"],
        after_unknown: {},
        before_sensitive: {},
        after_sensitive: {},
        before: { jobspec: "job {}" },
        after: { jobspec: '{"ID":"gitea"}' },
        importing: { id: "gitea@default" },
      },
    },
  ],
  checks: [
    {
      address: { kind: "check", name: "job_loses", to_display: "check.job_loses" },
      status: "fail",
      instances: [
        {
          status: "fail",
          problems: [
            {
              message:
                "The running job of gitea has more. A deploy would lose:\n- group web, task app, Env[TZ]\n- group runner",
            },
          ],
        },
      ],
    },
  ],
}) as Plan;
const input = { service: "gitea", plan };

test("what a deploy would lose of a running job fails the review, whatever else fails", () => {
  const { verdict, services } = review([input]);
  expect(verdict).toBe("fail");
  const lost = services[0]!.findings.filter(({ risk }) => risk === "loses");
  expect(lost.map(({ address, reason }) => `${address} ${reason}`)).toEqual([
    "nomad_job.gitea would lose group web, task app, Env[TZ]: the running job has it, and the definition does not say it.",
    "nomad_job.gitea would lose group runner: the running job has it, and the definition does not say it.",
  ]);
});

test("until it is allowed", () => {
  const allowances = readAllowances("pgmoor: allow loses nomad_job.gitea", ruleIds);
  expect(review([input], { allowances }).verdict).toBe("pass");
});

test("a check that passes says nothing", () => {
  const quiet = { ...plan, checks: plan.checks.map((check) => ({ ...check, status: "pass" })) };
  expect(review([{ service: "gitea", plan: quiet }]).verdict).toBe("pass");
});
