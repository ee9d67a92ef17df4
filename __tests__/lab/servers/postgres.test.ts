import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { Client } from "pg";
import { startPostgres } from "../../../lab/servers/postgres";

let directory: string;

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-postgres-"));
});

afterEach(() => fs.rm(directory, { recursive: true, force: true }));

test("a server starts, asks for the password, keeps its data over a restart, and ends", async () => {
  const password = "a 'quoted' \\ pässword";
  const first = await startPostgres({ directory, password, fsync: false });
  const wrong = new Client({
    host: first.host,
    port: first.port,
    user: first.user,
    password: "other",
    database: "postgres",
  });
  await expect(wrong.connect()).rejects.toThrow(/password authentication failed/);
  await query(first.port, password, "CREATE TABLE kept AS SELECT 42 AS answer");
  expect(await query(first.port, password, "SHOW listen_addresses")).toEqual([
    { listen_addresses: "127.0.0.1" },
  ]);
  await first.stop();
  expect(first.server.running).toBe(false);

  const second = await startPostgres({ directory, password, fsync: false });
  try {
    expect(await query(second.port, password, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  } finally {
    await second.stop();
  }
  expect((await fs.readdir(directory)).sort()).toEqual(["data", "postgresql.log"]);
});

test("a server that cannot start says why, with its log, and leaves no process", async () => {
  const settings = { shared_buffers: "nonsense" };
  const start = startPostgres({ directory, password: "secret-word", fsync: false, settings });
  await expect(start).rejects.toThrow(/PostgreSQL did not start: exit code 1\n[^]*shared_buffers[^]*\(log: /);
  await expect(start).rejects.not.toThrow(/secret-word/);
});

async function query(port: number, password: string, sql: string): Promise<unknown[]> {
  const client = new Client({ host: "127.0.0.1", port, user: "postgres", password, database: "postgres" });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
