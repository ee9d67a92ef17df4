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

const adopt = (toVault: boolean) =>
  adoptJob(
    {
      ...homelab,
      nomad: { ...homelab.nomad, address: server.address },
      vault: { ...homelab.vault, address: server.address },
    },
    "forge",
    { VAULT_TOKEN: "t" },
    toVault,
  );

test("a password in plain sight stays, unless somebody asks", async () => {
  secret = undefined;
  const { outcome, reasons } = await adopt(false);
  expect(outcome).toBe("asks");
  expect(reasons.join()).toMatch(/password\.secret: .* not in Vault/);
  expect(written).toEqual([]);
});

test("asked, it goes to Vault beside what is there", async () => {
  secret = { mail: "x" };
  const { outcome, definition } = await adopt(true);
  expect(outcome).toBe("moves");
  expect(definition).toMatchObject({ source: { password: { secret: "forge", field: "source_password" } } });
  expect(written).toEqual([{ options: { cas: 3 }, data: { mail: "x", source_password: "hunter2" } }]);
});

test("another one there is not written over, and none is shown", async () => {
  secret = { source_password: "other" };
  const error: Error = await adopt(true).then(
    () => new Error("it was adopted"),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/secret\/forge has another source_password/);
  expect(error.message).not.toMatch(/hunter2|other\b.*hunter/);
  expect(written).toEqual([]);
});
