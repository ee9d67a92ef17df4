import { deafPort } from "./support/api-server";
import { FakeNomad } from "./support/fake-nomad";
import { unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

const address = "nomad_job.app";

interface Wish {
  /** How the deployment ends. */
  outcome?: string;
  /** Makes another jobspec of it. */
  mark?: string;
  job?: Record<string, unknown>;
  resource?: Record<string, unknown>;
}

function app({ outcome = "successful", mark = "a", job = {}, resource = {} }: Wish = {}): Record<
  string,
  unknown
> {
  const jobspec = {
    ID: "app",
    Name: "app",
    Datacenters: ["dc1"],
    Update: { AutoRevert: true },
    Meta: { outcome, mark },
    TaskGroups: [
      {
        Name: "app",
        Count: 1,
        Volumes: { data: { Name: "data", Type: "host", Source: "app_data", ReadOnly: true } },
        Tasks: [
          {
            Name: "app",
            Driver: "docker",
            VolumeMounts: [{ Volume: "data", Destination: "/data", ReadOnly: true }],
          },
        ],
      },
    ],
    ...job,
  };
  return {
    resource: {
      nomad_job: { app: { json: true, detach: false, jobspec: JSON.stringify(jobspec), ...resource } },
    },
  };
}

let nomad: FakeNomad;
let workspace: Workspace;
beforeEach(async () => {
  nomad = new FakeNomad();
  await nomad.server.start();
  workspace = await Workspace.open(nomad.env);
});
afterEach(async () => {
  await workspace.close();
  await nomad.server.stop();
});

test("a job is registered, followed until it is deployed, seen to drift, imported and deregistered", async () => {
  // GIVEN
  const purging = { resource: { purge_on_destroy: true } };
  await workspace.init(app(purging));

  // WHEN it is made
  await workspace.succeed("apply", "-auto-approve");

  // THEN it is there, waited for by blocking queries, and nothing is left to do
  expect((await workspace.state())[address]).toMatchObject({
    id: "app",
    name: "app",
    namespace: "default",
    type: "service",
    region: "global",
    datacenters: ["dc1"],
    status: "running",
    modify_index: "11",
    deployment_status: "successful",
    deployment_id: [...nomad.deployments.keys()][0],
    task_groups: [
      {
        name: "app",
        count: 1,
        meta: {},
        task: [
          {
            name: "app",
            driver: "docker",
            meta: {},
            volume_mounts: [{ volume: "data", destination: "/data", read_only: true }],
          },
        ],
        volumes: [{ name: "data", type: "host", source: "app_data", read_only: true }],
      },
    ],
  });
  expect(nomad.blockingQueries).toBe(1);
  expect(await workspace.plan()).toEqual({});

  // WHEN the jobspec is only written otherwise THEN nothing changes
  const { resource } = app(purging) as { resource: { nomad_job: { app: { jobspec: string } } } };
  resource.nomad_job.app.jobspec = JSON.stringify(
    { Job: JSON.parse(resource.nomad_job.app.jobspec) as unknown },
    null,
    2,
  );
  await workspace.write({ resource });
  expect(await workspace.plan()).toEqual({});

  // WHEN somebody registers another jobspec by hand THEN the plan tells
  await workspace.write(app(purging));
  const foreign = JSON.stringify({ ID: "app", TaskGroups: [{ Name: "other" }] });
  nomad.register(
    { ID: "app", Namespace: "default", TaskGroups: [{ Name: "other" }] },
    { Source: foreign, Format: "json" },
  );
  expect(await workspace.plan()).toMatchObject({
    [address]: { actions: ["update"], before: { jobspec: foreign, task_groups: [{ name: "other" }] } },
  });
  await workspace.succeed("apply", "plan");

  // WHEN it is imported anew THEN nothing would be made anew
  await workspace.succeed("state", "rm", address);
  await workspace.write({ ...app(purging), import: [{ to: address, id: "app@default" }] });
  expect(await workspace.plan()).toMatchObject({ [address]: { actions: ["update"] } });
  await workspace.succeed("apply", "plan");
  expect(await workspace.plan()).toEqual({});

  // WHEN it is destroyed
  await workspace.succeed("destroy", "-auto-approve");
  expect(nomad.jobs.size).toBe(0);
});

test("a dead job is registered again if it is asked for, and only then", async () => {
  // GIVEN a job that somebody stopped: a version of its own, which nobody handed a jobspec in for
  await workspace.init(app());
  await workspace.succeed("apply", "-auto-approve");
  const stop = () => (nomad.register(nomad.jobs.get("app")!.body).status = "dead");
  stop();

  // WHEN it is not asked for THEN nothing changes
  expect(await workspace.plan()).toEqual({});

  // WHEN it is
  await workspace.write(app({ resource: { rerun_if_dead: true } }));
  expect(await workspace.plan()).toMatchObject({ [address]: { actions: ["update"] } });
  await workspace.succeed("apply", "plan");

  // THEN it runs, and is started again whenever it is dead
  expect(nomad.jobs.get("app")!.status).toBe("running");
  expect(await workspace.plan()).toEqual({});
  stop();
  await workspace.succeed("apply", "-auto-approve");
  expect((await workspace.state())[address]).toMatchObject({ status: "running" });
});

test("a failed update fails the apply with Nomad's reason and the failed task, and is still to be done", async () => {
  // GIVEN
  await workspace.init(app());
  await workspace.succeed("apply", "-auto-approve");

  // WHEN
  await workspace.write(app({ outcome: "failed" }));
  const told = await workspace.apply();

  // THEN
  expect(told.code).toBe(1);
  expect(unwrapped(told)).toMatch(
    /terminated with status 'failed': 'Failed due to unhealthy allocations - rolling back to job version 0'/,
  );
  expect(unwrapped(told)).toMatch(
    /Allocation 0a1b2c3d on node-1 is failed .* task "migrate" is dead, failed: - Terminated: Exit Code: 1/,
  );
  expect(told.text).not.toContain('task "app" is');
  expect((await workspace.state())[address]?.jobspec).toContain('"outcome":"successful"');
  expect(await workspace.plan()).toMatchObject({ [address]: { actions: ["update"] } });
});

test("a failed update leaves the state as it was, also where Nomad does not go back", async () => {
  const noRevert = { Update: { AutoRevert: false } };
  await workspace.init(app({ job: noRevert }));
  await workspace.succeed("apply", "-auto-approve");
  const before = await workspace.state();

  await workspace.write(app({ outcome: "failed", job: noRevert }));
  expect((await workspace.apply()).code).toBe(1);

  expect(await workspace.state()).toEqual(before);
});

test("a failed create leaves a tainted job behind, which the next apply makes anew", async () => {
  // GIVEN
  await workspace.init(app({ outcome: "failed" }));

  // WHEN
  const told = await workspace.apply();

  // THEN
  expect(unwrapped(told)).toContain("'Failed due to unhealthy allocations'");
  expect((await workspace.state())[`${address} (tainted)`]).toMatchObject({ id: "app", status: "running" });
  await workspace.write(app());
  expect(await workspace.plan()).toMatchObject({ [address]: { actions: ["delete", "create"] } });
});

test("a deployment that does not end in time fails the apply", async () => {
  await workspace.init(app({ outcome: "running", resource: { timeouts: { create: "100ms" } } }));

  expect(unwrapped(await workspace.apply())).toContain("still running after 100ms");
});

test("with detach, the default, a job is registered and no more", async () => {
  await workspace.init(app({ outcome: "failed", resource: { detach: null } }));
  await workspace.succeed("apply", "-auto-approve");

  expect((await workspace.state())[address]).toMatchObject({ detach: true, deployment_id: null });
});

test("another id makes the job anew, and a job may be left to run on", async () => {
  // GIVEN
  const kept = { deregister_on_destroy: false };
  await workspace.init(app({ resource: kept }));
  await workspace.succeed("apply", "-auto-approve");

  // WHEN
  await workspace.write(app({ resource: kept, job: { ID: "renamed" } }));

  // THEN
  expect(await workspace.plan()).toMatchObject({
    [address]: { actions: ["delete", "create"], after: { name: "renamed" } },
  });
  await workspace.succeed("apply", "plan");
  expect([...nomad.jobs.values()].map(({ status }) => status)).toEqual(["running", "running"]);
});

test("a job that Nomad would refuse fails the plan; one that is no job, the validation", async () => {
  // WHEN / THEN
  await workspace.init(app({ job: { TaskGroups: [] } }));
  expect(unwrapped(await workspace.run("plan"))).toContain("Missing job task groups");

  await workspace.write(app({ resource: { jobspec: 'job "app" {}' } }));
  expect(unwrapped(await workspace.run("validate"))).toContain("The jobspec is not JSON");

  await workspace.write(app({ resource: { jobspec: "{}" } }));
  expect(unwrapped(await workspace.run("validate"))).toContain("The jobspec is not a job of Nomad's API");

  await workspace.write(app({ resource: { json: null } }));
  expect(unwrapped(await workspace.run("validate"))).toContain("Set json = true");
});

test("without a Nomad a job can be planned, which a warning tells, and not applied", async () => {
  // GIVEN
  const deaf = `http://127.0.0.1:${await deafPort()}`;
  await workspace.init({ ...app(), provider: { nomad: { address: deaf } } });

  // WHEN
  const planned = await workspace.run("plan");
  const applied = await workspace.apply();

  // THEN
  expect(planned.code).toBe(0);
  expect(unwrapped(planned)).toContain("The job app was not validated");
  expect(unwrapped(applied)).toContain(`Error: Nomad at ${deaf} cannot be reached (connection refused)`);
});

test("the datacenters show whether a Nomad is there", async () => {
  await workspace.init({
    data: { nomad_datacenters: { all: {} } },
    output: { all: { value: "${data.nomad_datacenters.all.datacenters}" } },
  });
  await workspace.succeed("apply", "-auto-approve");

  expect(await workspace.succeed("output", "-json", "all")).toContain('["dc1"]');
});
