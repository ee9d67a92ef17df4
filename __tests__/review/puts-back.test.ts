import { review } from "../../review/review";
import { planSchema, type Plan } from "../../review/terraform-plan";

const jobspec = (change: object = {}) =>
  JSON.stringify({ ID: "gitea", TaskGroups: [{ Name: "gitea", Tasks: [{ Name: "gitea" }] }], ...change });

/** As `terraform show -json` has a failed check of `stacks/drift.ts`. */
const plan = (before: string, after: string, said: string) =>
  planSchema.parse({
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
          before: { jobspec: before },
          after: { jobspec: after },
        },
      },
    ],
    checks: [
      {
        address: { kind: "check", name: "job_drift", to_display: "check.job_drift" },
        status: said === "" ? "pass" : "fail",
        instances: [
          { status: said === "" ? "pass" : "fail", problems: said === "" ? [] : [{ message: said }] },
        ],
      },
    ],
  }) as Plan;
const said =
  "Nomad does not run the job of gitea as it was deployed: somebody changed it. This deploy puts back:\n- group gitea, Env[X]";
const reviewed = (...given: Parameters<typeof plan>) =>
  review([{ service: "gitea", plan: plan(...given) }]).services[0]!;

test("what a deploy puts back is told, with the restart that it may need", () => {
  const { happens, findings } = reviewed(jobspec(), jobspec({ JobModifyIndex: 42 }), said);
  expect(happens).toEqual(["puts the running job back as it was deployed: group gitea, Env[X]"]);
  expect(findings.map(({ risk, reason }) => [risk, reason])).toEqual([
    ["downtime", "restarts, if what is put back needs that."],
  ]);
});

test("a note that goes with the next change of the definition is no restart", () => {
  const { findings } = reviewed(jobspec({ JobModifyIndex: 42 }), jobspec({ Priority: 70 }), "");
  expect(findings).toEqual([]);
});
