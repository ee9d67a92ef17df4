import { adoptJob } from "../../adopt/adopt";
import { homelab } from "../../environments/homelab";
import { ApiServer } from "../lab/providers/support/api-server";
import { answered } from "./jobs";

/** The job of `forge.hcl`, with its password typed in. */
const job = JSON.parse(
  JSON.stringify(answered("forge"))
    .replaceAll(/POSTGRES_PASSWORD=\{\{.*?\{\{ end \}\}/g, "POSTGRES_PASSWORD=hunter2")
    .replaceAll("PASSWD={{ .Data.data.password }}", "PASSWD=hunter2"),
) as object;
let secret: Record<string, string> | undefined;
const written: unknown[] = [];
const server = new ApiServer(({ method, path, body }) => {
  if (path.endsWith("/plan")) return { body: { Diff: { Type: "None" } } };
  if (path.endsWith("/allocations") || path === "/v1/nodes") return { body: [] };
  if (path.startsWith("/v1/job/")) return { body: job };
  if (method === "POST") {
    written.push(body);
    return { body: {} };
  }
  return secret === undefined
    ? { status: 404, body: { errors: [] } }
    : { body: { data: { data: secret, metadata: { version: 3, created_time: "2026-01-01T00:00:00Z" } } } };
});
beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => written.splice(0));

const adopt = (secrets: "stay" | "show" | "write") =>
  adoptJob(
    {
      ...homelab,
      nomad: { ...homelab.nomad, address: server.address },
      vault: { ...homelab.vault, address: server.address },
    },
    "forge",
    { VAULT_TOKEN: "t" },
    secrets,
  );

test("a password in plain sight stays, unless somebody asks", async () => {
  secret = undefined;
  const { outcome, reasons } = await adopt("stay");
  expect(outcome).toBe("asks");
  expect(reasons.join()).toMatch(/password\.secret: .* not in Vault/);
  expect(written).toEqual([]);
});

test("asked, it goes to Vault beside what is there", async () => {
  secret = { mail: "x" };
  const { outcome, definition, notes } = await adopt("write");
  expect(outcome).toBe("moves");
  // The app's and its server's password are one.
  const [[field, value], ...others] = Object.entries((written[0] as { data: object }).data).filter(
    ([name]) => name !== "mail",
  ) as [[string, string]];
  expect([value, others]).toEqual(["hunter2", []]);
  expect(written).toEqual([{ options: { cas: 3 }, data: { mail: "x", [field]: "hunter2" } }]);
  expect(definition).toMatchObject({ source: { password: { secret: "forge", field } } });
  expect(JSON.stringify(definition)).not.toContain("hunter2");
  expect(definition!.reads).toEqual(["secret/data/forge"]);
  expect(notes.join()).toMatch(/in Vault, at secret\/forge.*task/);
  expect(notes.join()).not.toMatch(/plain sight: .*Anyone/);
});

test("another one there is not written over, and none is shown", async () => {
  secret = undefined;
  await adopt("write");
  const [{ data }] = written.splice(0) as [{ data: Record<string, string> }];
  const [field] = Object.keys(data) as [string];
  secret = { [field]: "other" };
  const error: Error = await adopt("write").then(
    () => new Error("it was adopted"),
    (reason: Error) => reason,
  );
  expect(error.message).toContain(`secret/forge has another ${field}`);
  expect(error.message).not.toMatch(/hunter2|other\b.*hunter/);
  expect(written).toEqual([]);
});

test("a dry run writes nothing to Vault", async () => {
  secret = undefined;
  const { definition } = await adopt("show");
  expect(JSON.stringify(definition)).not.toContain("hunter2");
  expect(written).toEqual([]);
});
