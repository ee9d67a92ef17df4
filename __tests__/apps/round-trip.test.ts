/** Real apps: started on SQLite, used, killed, moved, used on the server, moved back and used again; compared by another program. */
import * as fs from "node:fs";
import * as path from "node:path";
import Libsql from "libsql";
import { jupyterHub } from "../../services/jupyterhub";
import { prefect } from "../../services/prefect";
import type { SqliteSource } from "../../services/definition";
import { Cleanup, Database, report, type Outcome } from "../migrator/support";
import { Program } from "../cli/program";
import { hasPython } from "../migrator/support/python";
import { type AppFacts, RealApp } from "./real-app";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(1_200_000);

const thorough = Boolean(process.env.PGMOOR_THOROUGH);
if (!thorough) console.log("skipped: real apps, which take minutes. PGMOOR_THOROUGH=1 runs them");
const runs = thorough && hasPython("real apps");

const sqlite = (driver: string) => (file: string) => `sqlite${driver}:///${file}`;

interface App extends AppFacts {
  readonly source: SqliteSource;
  /** Tables of which each side has its own rows. */
  readonly records: readonly string[];
}

const apps: readonly App[] = [
  {
    name: "JupyterHub",
    packages: ["jupyterhub==6.1.1", "psycopg2-binary==2.9.13"],
    start: ["-m", "jupyterhub", "--config", path.join(__dirname, "jupyterhub_config.py")],
    health: "/hub/health",
    environment: (database) => ({ APP_DATABASE: database }),
    file: sqlite(""),
    server: () => "postgresql+psycopg2://",
    schema: `python3 -c 'from jupyterhub.orm import new_session_factory; new_session_factory("postgresql+psycopg2://")'`,
    use: "jupyterhub_use.py",
    source: jupyterHub("").source as SqliteSource,
    records: ["alembic_version"],
  },
  {
    name: "Prefect",
    packages: ["prefect==3.9.1", "psycopg2-binary==2.9.13"],
    start: [
      "-c",
      "import os; from prefect.cli import app; import sys; sys.argv = ['prefect', 'server', 'start', '--host', '127.0.0.1', '--port', os.environ['APP_PORT']]; app()",
    ],
    health: "/api/ready",
    environment: (database, folder) => ({
      PREFECT_HOME: folder,
      PREFECT_SERVER_DATABASE_CONNECTION_URL: database,
      PREFECT_SERVER_ANALYTICS_ENABLED: "false",
      DO_NOT_TRACK: "1",
    }),
    file: sqlite("+aiosqlite"),
    server: ({ PGUSER, PGPASSWORD, PGHOST, PGPORT, PGDATABASE }) =>
      `postgresql+asyncpg://${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`,
    schema: `python3 -m prefect server database upgrade -y`,
    use: "prefect_use.py",
    source: prefect.source as SqliteSource,
    records: ["alembic_version"],
  },
];

(runs ? test : test.skip).each(apps)("$name", async (facts) => {
  const { file: urlOf, server, schema, source, records } = facts;
  const app = await RealApp.install(facts, cleanup);
  const program = await Program.build(cleanup);
  const database = await Database.create(cleanup);
  const login = database.environment;
  const onServer = server(login);
  const folder = cleanup.folder();
  const [live, back] = ["app.db", "back.db"].map((name) => path.join(folder, name)) as [string, string];
  const { rules = [], migrationTables } = source;
  fs.writeFileSync(path.join(folder, "rules.json"), JSON.stringify({ rules, migrationTables }));
  const target = `postgresql://${login.PGUSER}@${login.PGHOST}:${login.PGPORT}/${login.PGDATABASE}`;
  const pgmoor = async (command: string, ...more: string[]): Promise<Outcome> => {
    const args = [command, "--target", target, "--rules", "rules.json", "--json", ...more];
    const outcome = await program.start(folder, args, { ...app.on(onServer), ...login, HOME: folder }).done;
    if (outcome.code !== 0) throw new Error(outcome.stdout + outcome.stderr);
    return outcome;
  };

  await app.start(urlOf(live));
  const first = await app.use("a", 6);
  await app.killInMidWork("b", 50);

  const moved = report(await pgmoor("migrate", "--source", live, "--schema", schema));
  // The log of an app that was killed is merged only in a copy.
  const copy = path.join(folder, "copy.db");
  for (const suffix of ["", "-wal"])
    if (fs.existsSync(live + suffix)) fs.copyFileSync(live + suffix, copy + suffix);
  expect(await app.compare(copy, login, records)).toEqual({ rows: moved.rows, different: [] });

  await app.start(onServer, login);
  const second = await app.use("c", 4);
  expect(second).toBeGreaterThan(first);
  await app.end();

  const snapshots = path.join(folder, "pgmoor-snapshots");
  const snapshot = path.join(snapshots, fs.readdirSync(snapshots)[0]!, "app.db");
  const brought = report(await pgmoor("back", "--source", snapshot, "--out", back));
  expect(await app.compare(back, login, records)).toEqual({ rows: brought.rows, different: [] });

  await app.start(urlOf(back));
  const third = await app.use("d", 3);
  await app.end();
  expect(third).toBeGreaterThan(second);
  const database2 = new Libsql(back);
  expect(database2.prepare("PRAGMA integrity_check").raw(true).all()).toEqual([["ok"]]);
  database2.close();
  console.log(`${facts.name}: ${String(moved.rows)} rows moved, ${String(brought.rows)} brought back`);
});
