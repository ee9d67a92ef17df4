import { adoptJob } from "../../adopt/adopt";
import { homelab } from "../../environments/homelab";
import { ApiServer } from "../lab/providers/support/api-server";
import { answered, type JobName } from "./jobs";

/** What Nomad and Consul answer, by path. */
let answers: Record<string, unknown>;
const server = new ApiServer(({ path }) => {
  const found = answers[path];
  return found === undefined ? { status: 403, body: "Permission denied" } : { body: found };
});
beforeAll(() => server.start());
afterAll(() => server.stop());

const node = (name: string, datacenter = "dc1") => ({
  ID: name,
  Name: name,
  Datacenter: datacenter,
  NodePool: "default",
  Status: "ready",
});
const volumes = (...names: string[]) => ({
  HostVolumes: Object.fromEntries(names.map((name) => [name, { Path: `/srv/${name}`, ReadOnly: false }])),
});
const instance = (ID: string, Tags: string[]) => ({ Node: { Node: "one" }, Service: { ID, Tags } });

/** The job runs on the client `one`. */
function running(name: JobName) {
  const job = answered(name);
  const [group] = job.TaskGroups as { Name: string }[];
  answers = {
    [`/v1/job/${String(job.ID)}`]: job,
    [`/v1/job/${String(job.ID)}/plan`]: { Diff: { Type: "None" } },
    [`/v1/job/${String(job.ID)}/allocations`]: [
      { ID: "0aa1", TaskGroup: group!.Name, ClientStatus: "running", NodeID: "one" },
    ],
    "/v1/nodes": [node("one"), node("two"), node("far", "dc9")],
    "/v1/node/one": volumes("linkding", "snapshots"),
    "/v1/node/two": volumes("snapshots"),
    "/v1/node/far": volumes("linkding"),
  };
  return String(job.ID);
}

async function notesOf(id: string): Promise<string[]> {
  const { address } = server;
  const environment = {
    ...homelab,
    nomad: { ...homelab.nomad, address },
    consul: { ...homelab.consul, address },
    migrator: { ...homelab.migrator, snapshots: "snapshots" },
  };
  const { notes } = await adoptJob(environment, id, {});
  return notes.filter((note) => !note.includes("plain sight"));
}

describe("the clients that may run the job", () => {
  test("a host volume that one of them has: nothing to say", async () => {
    expect(await notesOf(running("links"))).toEqual([]);
  });

  test("a host volume that another one has too, with files of its own", async () => {
    const id = running("links");
    answers["/v1/node/two"] = volumes("linkding", "snapshots");
    expect(await notesOf(id)).toEqual([
      'its data is on the client one, in the host volume "linkding", and two may get the job as well, without that data. Give the job a constraint to one before you move it',
    ]);
  });

  test("a folder of the host: any of them may get the job", async () => {
    const id = running("vault");
    answers["/v1/health/service/bitwarden"] = [instance("_nomad-task-0aa1-bitwarden", [])];
    expect((await notesOf(id)).join()).toMatch(
      /its data is on the client one, in \/srv\/bitwarden, and two may get/,
    );
  });

  test("a host volume that none has, or has read-only, and no room for the snapshot", async () => {
    const id = running("links");
    answers["/v1/node/one"] = {};
    expect(await notesOf(id)).toEqual([
      'no client that may run the job has the host volume "linkding", which the job asks for',
      'the client one has no host volume "snapshots", in which a move keeps its snapshot (docs/users-and-volumes.md)',
    ]);
    answers["/v1/node/one"] = {
      HostVolumes: { linkding: { ReadOnly: true }, snapshots: { ReadOnly: false } },
    };
    expect(await notesOf(id)).toEqual([
      'the host volume "linkding" is read-only on one, and the job asks to write to it',
    ]);
  });

  test("a token that may not see them is told", async () => {
    const id = running("links");
    delete answers["/v1/nodes"];
    expect((await notesOf(id)).join()).toMatch(/does not show its clients to this token \(node:read\)/);
  });
});

describe("the job's services in Consul", () => {
  const one = (found: unknown) => {
    const id = running("vault");
    answers["/v1/node/two"] = undefined;
    answers["/v1/nodes"] = [node("one")];
    answers["/v1/health/service/bitwarden"] = found;
    return notesOf(id);
  };

  test("as the job has them: nothing to say", async () => {
    expect(await one([instance("_nomad-task-0aa1-bit-warden-bitwarden-http", [])])).toEqual([]);
  });

  test("a tag that somebody added there", async () => {
    expect(await one([instance("_nomad-task-0aa1-bit-warden-bitwarden-http", ["public"])])).toEqual([
      "Consul has tags of the service bitwarden that the job does not have: public. The next allocation loses them: write them into the definition if you need them",
    ]);
  });

  test("an instance of somebody else's", async () => {
    const ours = instance("_nomad-task-0aa1-bit-warden-bitwarden-http", []);
    expect(await one([ours, instance("by-hand", ["x"])])).toEqual([
      "the service bitwarden also has instances in Consul that are not of this job: by-hand on one. Requests go to them, too",
    ]);
  });

  test("a Consul that refuses is told", async () => {
    expect((await one(undefined)).join()).toMatch(/does not show its services to pgmoor/);
  });
});
