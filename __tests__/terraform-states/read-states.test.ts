import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesForOthers, goneServices } from "../../terraform-states/read-states";
import type { Environment, StateStore } from "../../environments/model/environment";
import { servicesAlone } from "../support/services-alone";
import { makeStateFiles } from "../../terraform-states/state-files";
import { ApiServer } from "../lab/providers/support/api-server";

const database = { mode: "managed", type: "postgresql_database", name: "x" };
const state = (...resources: object[]) => JSON.stringify({ version: 4, resources });
const of = (states: StateStore, consul = servicesAlone.consul.address): Environment => ({
  ...servicesAlone,
  states,
  consul: { address: consul },
});

describe("in a folder", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "pgmoor-states-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test("a service that has gone is named with what it has; one without resources is not", async () => {
    writeFileSync(join(folder, "vaultwarden.tfstate"), state(database));
    writeFileSync(join(folder, "linkding.tfstate"), state(database, { ...database, mode: "data" }));
    writeFileSync(join(folder, "retired.tfstate"), state());
    writeFileSync(join(folder, "linkding.tfstate.backup"), state(database));
    expect([...(await goneServices(of({ in: "folder", folder })))]).toEqual([
      ["linkding", ["postgresql_database.x"]],
    ]);
  });

  test("a state that cannot be read is no proof of anything", async () => {
    writeFileSync(join(folder, "linkding.tfstate"), "{");
    await expect(goneServices(of({ in: "folder", folder }))).rejects.toThrow("The state of linkding");
  });

  test("a file that others may read is named, also a backup; in a folder that they cannot enter there is none", () => {
    const states = of({ in: "folder", folder });
    for (const [file, mode] of [
      ["vaultwarden.tfstate", 0o600],
      ["gitea.tfstate", 0o640],
      ["gitea.tfstate.backup", 0o604],
    ] as const)
      writeFileSync(join(folder, file), state(), { mode });
    chmodSync(folder, 0o755);
    expect(filesForOthers(states)).toEqual(
      ["gitea.tfstate", "gitea.tfstate.backup"].map((file) => join(folder, file)),
    );
    chmodSync(folder, 0o700);
    expect(filesForOthers(states)).toEqual([]);
    expect(filesForOthers(of({ in: "folder", folder: join(folder, "none") }))).toEqual([]);
  });

  test("the files that Terraform writes are their owner's alone", () => {
    const states = of({ in: "folder", folder: join(folder, "made") });
    makeStateFiles(states);
    makeStateFiles(states);
    const modes = readdirSync(join(folder, "made")).map(
      (file) => statSync(join(folder, "made", file)).mode & 0o777,
    );
    expect(modes).toHaveLength(2 * states.services.length);
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect(statSync(join(folder, "made")).mode & 0o777).toBe(0o700);
  });

  test("a file that Terraform has not written yet is no state", async () => {
    writeFileSync(join(folder, "linkding.tfstate"), "");
    expect((await goneServices(of({ in: "folder", folder }))).size).toBe(0);
  });

  test("without a folder there is no state yet", async () => {
    expect((await goneServices(of({ in: "folder", folder: join(folder, "none") }))).size).toBe(0);
  });
});

describe("in Consul", () => {
  const keys: Record<string, string> = {
    "pgmoor/states/vaultwarden": state(database),
    "pgmoor/states/linkding": JSON.stringify({
      chunks: ["pgmoor/states/linkding/tfstate.1/0", "pgmoor/states/linkding/tfstate.1/1"],
    }),
    "pgmoor/states/linkding/tfstate.1/0": state(database).slice(0, 20),
    "pgmoor/states/linkding/tfstate.1/1": state(database).slice(20),
    "pgmoor/states/linkding/.lockinfo": "{}",
  };
  const consul = new ApiServer(({ path, query }) => {
    const key = path.replace("/v1/kv/", "");
    if (query.has("keys")) return { body: Object.keys(keys).filter((one) => one.startsWith(key)) };
    return keys[key] === undefined ? { status: 404 } : { body: keys[key] };
  });
  beforeAll(() => consul.start());
  afterAll(() => consul.stop());

  test("as Terraform keeps them there, also in parts", async () => {
    const gone = await goneServices(of({ in: "consul", path: "pgmoor/states" }, consul.address));
    expect([...gone]).toEqual([["linkding", ["postgresql_database.x"]]]);
  });

  test("a Consul that does not answer is named", async () => {
    await expect(goneServices(of({ in: "consul", path: "x" }, "http://127.0.0.1:1"))).rejects.toThrow(
      "The states cannot be read: Consul at http://127.0.0.1:1 does not answer.",
    );
  });
});
