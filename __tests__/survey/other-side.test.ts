/** Whether a job of each catalogue service says where its app runs, and which definitions do not fit it. */
import { homelab } from "../../environments/homelab";
import type { EnvironmentService } from "../../environments/model/environment";
import { otherSide } from "../../survey/other-side";
import { wantedJob } from "../../stacks/wanted-job";

/** As Terraform's state has the job that was deployed before. */
function stops(before: EnvironmentService, now: Partial<EnvironmentService>): string {
  const jobspec = JSON.stringify(wantedJob(homelab, before));
  const known = { job: { namespace: "default", jobspec }, tainted: [] };
  return otherSide({ environment: homelab, service: { ...before, ...now }, known }).join();
}

const { services } = homelab;
const withSource = services.filter(({ definition }) => definition.source !== undefined);
const named = (all: typeof services) => all.map((one) => [one.definition.name, one] as const);

test.each(named(services))("%s: every phase may follow, while its definition stays", (_name, service) => {
  for (const before of ["prepared", "cutover", "settled"] as const) {
    if (before === "cutover" && service.definition.source === undefined) continue;
    for (const phase of ["prepared", "cutover", "settled"] as const)
      expect(stops({ ...service, phase: before }, { phase })).toBe("");
  }
  expect(stops({ ...service, phase: "prepared" }, { passwordVersion: 2 })).toBe("");
});

test.each(named(withSource))(
  "%s: without its source it would start on an empty database",
  (_name, service) => {
    const definition = { ...service.definition, source: undefined } as EnvironmentService["definition"];
    const prepared = { ...service, phase: "prepared" } as const;
    expect(stops(prepared, { definition })).toMatch(
      /runs on its source, and its definition no longer has one/,
    );
    expect(stops(prepared, { definition, phase: "settled" })).toMatch(/Put source back into the definition/);
    // It has moved, and needs its source no more.
    expect(stops({ ...service, phase: "settled" }, { definition, phase: "prepared" })).toBe("");
  },
);

test("one that is on the server, and gets a source, would start on that", () => {
  const gitea = services.find(({ definition }) => definition.name === "gitea")!;
  const { source } = withSource.find(({ definition }) => definition.source?.kind === "sqlite")!.definition;
  const definition = { ...gitea.definition, source } as EnvironmentService["definition"];
  expect(stops(gitea, { definition })).toMatch(/runs on the server, and its definition has a source now/);
  expect(stops(gitea, { definition, phase: "cutover" })).toMatch(/Remove source from the definition/);
});

test("a job of somebody's says nothing", () => {
  const known = { job: { namespace: "default", jobspec: 'job "gitea" {}' }, tainted: [] };
  const [gitea] = services.filter(({ definition }) => definition.name === "gitea");
  expect(otherSide({ environment: homelab, service: gitea!, known })).toEqual([]);
  expect(otherSide({ environment: homelab, service: gitea!, known: { tainted: [] } })).toEqual([]);
});
