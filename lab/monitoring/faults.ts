/** A real fault for each alert, and its cure. What would take days is made older: the recorded time, never the rule. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { createServer, type Server } from "node:net";
import * as path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { backUp, testRestore, type Ended } from "../backups/jobs";
import { volumeOf } from "../backups/ground";
import { processes, signalEach } from "../servers/processes";
import { writeSecret } from "../servers/vault";
import { waitFor } from "../servers/wait";
import { asAdmin, readSecret } from "../story/context";
import { expectSuccess, expectThat } from "../story/expectations";
import type { WatchedGround } from "./ground";

const run = promisify(execFile);

export interface Fault {
  readonly alert: string;
  /** Labels that the alert has. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly strike: (ground: WatchedGround) => Promise<void>;
  readonly cure: (ground: WatchedGround) => Promise<void>;
}

/** Sessions that are the fault while they are open. */
const sessions = new Map<string, Client[]>();

async function hold(
  { lab }: WatchedGround,
  fault: string,
  [role, database]: readonly [role: string, database: string],
  ...statements: string[]
): Promise<void> {
  const { username, password } = await readSecret(lab, `postgres/${role}`);
  const { host, port } = lab.postgres;
  const client = new Client({ host, port, user: username, password, database });
  client.on("error", () => undefined);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  sessions.set(fault, [...(sessions.get(fault) ?? []), client]);
}

async function letGo(fault: string): Promise<void> {
  for (const client of sessions.get(fault) ?? []) await client.end();
  sessions.delete(fault);
}

/** Ends what is still held, whatever has happened. */
export async function letGoOfAll(): Promise<void> {
  for (const fault of [...sessions.keys()]) await letGo(fault).catch(() => undefined);
}

const admin = ({ lab }: WatchedGround, database: string, ...statements: string[]) =>
  asAdmin(lab, database, async (client) => {
    for (const statement of statements) await client.query(statement);
  });

async function deploy({ deployment }: WatchedGround, name: string): Promise<void> {
  expectSuccess(await deployment.deploy([name]), `the deploy of ${name}`);
}

/** A run that fails, since the key in Vault is another one. */
async function withWrongKey(
  ground: WatchedGround,
  job: (ground: WatchedGround) => Promise<Ended>,
): Promise<void> {
  const { lab } = ground;
  const secret = await readSecret(lab, "postgres/backup_key");
  await writeSecret(lab.vault, "postgres/backup_key", { password: "not this one" });
  try {
    expectThat(!(await job(ground)).succeeded, "a run with a wrong key should fail");
  } finally {
    await writeSecret(lab.vault, "postgres/backup_key", secret);
  }
}

async function succeed(ground: WatchedGround, job: (ground: WatchedGround) => Promise<Ended>) {
  const { succeeded, stderr } = await job(ground);
  expectThat(succeeded, "the run should succeed", stderr);
}

/** A certificate of so many days, which the server uses at once. */
async function certify(ground: WatchedGround, days: number): Promise<void> {
  const data = path.join(volumeOf(ground, "data"), "pgdata");
  const [key, certificate] = [path.join(data, "server.key"), path.join(data, "server.crt")];
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", String(days), "-subj", "/CN=postgresql.service.consul", "-keyout", key, "-out", certificate],
  ]);
  const { uid, gid } = await fs.stat(data);
  for (const file of [key, certificate]) await fs.chown(file, uid, gid);
  await fs.chmod(key, 0o600);
  await admin(ground, "postgres", "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()");
}

const filler = (ground: WatchedGround) => path.join(volumeOf(ground, "data"), "filler");

/** To every process that Nomad started for a job. */
async function signalTasksOf({ nomad }: WatchedGround, job: string, signal: NodeJS.Signals): Promise<void> {
  const [allocation] = (await nomad.allocations(job)).filter(
    ({ ClientStatus }) => ClientStatus === "running",
  );
  const tasks = await processes(({ variables }) => variables.includes(`NOMAD_ALLOC_ID=${allocation!.ID}`));
  signalEach(tasks, signal);
}

/** What holds a stopped job's port, so that no other program of this machine takes it. It answers nobody. */
const holders = new Map<string, Server>();

async function stopAndHold({ nomad }: WatchedGround, job: string, port: number): Promise<void> {
  await nomad.scale(job, 0);
  const holder = await waitFor({ what: `the port of ${job} is free`, deadlineSeconds: 60 }, () =>
    holderOf(port),
  );
  holders.set(job, holder);
}

function holderOf(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

async function startAgain({ nomad }: WatchedGround, job: string): Promise<void> {
  await new Promise((resolve) => holders.get(job)?.close(resolve));
  holders.delete(job);
  await nomad.scale(job, 1);
}

/** They go together: none of them hides another one. */
export const together: readonly Fault[] = [
  {
    // For real, so it comes first: it takes ten minutes.
    alert: "PgmoorLongTransaction",
    labels: { role: "grafana" },
    strike: (ground) => hold(ground, "transaction", ["grafana", "grafana"], "BEGIN", "SELECT txid_current()"),
    cure: () => letGo("transaction"),
  },
  {
    alert: "PgmoorAutovacuumBehind",
    labels: { datname: "gitea", relname: "swollen" },
    strike: (ground) =>
      admin(
        ground,
        "gitea",
        "ALTER SYSTEM SET autovacuum = off",
        "SELECT pg_reload_conf()",
        "CREATE TABLE public.swollen AS SELECT n FROM generate_series(1, 30000) AS n",
        "ANALYZE public.swollen",
        "UPDATE public.swollen SET n = n + 1",
      ),
    cure: (ground) => admin(ground, "gitea", "VACUUM public.swollen"),
  },
  {
    alert: "PgmoorFactsIncomplete",
    strike: (ground) =>
      admin(ground, "grafana", "CREATE SCHEMA pgmoor", "CREATE TABLE pgmoor.ledger (attempt int)"),
    cure: (ground) => admin(ground, "grafana", "DROP SCHEMA pgmoor CASCADE"),
  },
  {
    alert: "PgmoorConnectionsNearLimit",
    labels: { role: "gitea" },
    strike: async (ground) => {
      for (let open = 0; open < 7; open++)
        await hold(ground, "connections", ["gitea", "gitea"], "SELECT 1").catch((error: unknown) => {
          // The app may have the last ones: that is the fault.
          if ((error as { code?: string }).code !== "53300") throw error;
        });
    },
    cure: () => letGo("connections"),
  },
  {
    alert: "PgmoorWraparound",
    labels: { datname: "freshrss" },
    // A billion transactions would take days: the record of the last one that froze is made older.
    strike: (ground) =>
      admin(
        ground,
        "postgres",
        "SET allow_system_table_mods = on",
        `UPDATE pg_database SET datfrozenxid =
           ((pg_current_xact_id()::text::numeric - 1100000000 + 4294967296) % 4294967296)::bigint::text::xid
          WHERE datname = 'freshrss'`,
      ),
    cure: (ground) => admin(ground, "freshrss", "VACUUM"),
  },
  {
    alert: "PgmoorCertificateEnds",
    strike: (ground) => certify(ground, 3),
    cure: (ground) => certify(ground, 300),
  },
  {
    alert: "PgmoorCouldBeSettled",
    labels: { service: "vaultwarden" },
    strike: (ground) =>
      admin(
        ground,
        "vaultwarden",
        "UPDATE pgmoor.ledger SET confirmed_at = confirmed_at - interval '15 days'",
      ),
    cure: async (ground) => {
      await ground.deployment.edit(["vaultwarden"], { phase: "settled" });
      await deploy(ground, "vaultwarden");
      // The phase in the environment is the monitoring's, too.
      await deploy(ground, "monitoring");
    },
  },
  {
    alert: "PgmoorPasswordOld",
    labels: { service: "gitea" },
    // Vault's times cannot be changed: the time is made older as it is recorded, until the password is another one.
    strike: (ground) =>
      admin(
        ground,
        "pgmoor_monitoring",
        `CREATE FUNCTION public.older() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF new.service = 'gitea' AND new.password_changed < '${new Date().toISOString()}' THEN
             new.password_changed := new.password_changed - interval '400 days';
           END IF;
           RETURN new; END $$`,
        `CREATE TRIGGER older BEFORE INSERT OR UPDATE ON public.services FOR EACH ROW EXECUTE FUNCTION public.older()`,
      ),
    cure: async (ground) => {
      await ground.deployment.edit(["gitea"], { passwordVersion: 2 });
      await deploy(ground, "gitea");
    },
  },
  {
    alert: "PgmoorServiceDown",
    labels: { service: "freshrss" },
    // It hangs: it keeps its port, which another program of this machine might take otherwise.
    strike: (ground) => signalTasksOf(ground, "freshrss", "SIGSTOP"),
    cure: (ground) => signalTasksOf(ground, "freshrss", "SIGCONT"),
  },
  {
    alert: "PgmoorBackupFailed",
    strike: (ground) => withWrongKey(ground, backUp),
    cure: (ground) => succeed(ground, backUp),
  },
  {
    alert: "PgmoorBackupOld",
    labels: { service: "grafana" },
    strike: (ground) =>
      admin(
        ground,
        "postgres",
        "UPDATE pgmoor.backups SET started = started - interval '27 hours' WHERE kind = 'backup'",
      ),
    // The backup after the failed one.
    cure: () => Promise.resolve(),
  },
  {
    alert: "PgmoorRestoreTestFailed",
    strike: (ground) => withWrongKey(ground, testRestore),
    cure: (ground) => succeed(ground, testRestore),
  },
  {
    alert: "PgmoorRestoreTestOld",
    labels: { service: "grafana" },
    strike: (ground) =>
      admin(
        ground,
        "postgres",
        "UPDATE pgmoor.backups SET ended = ended - interval '9 days' WHERE kind = 'test'",
      ),
    cure: () => Promise.resolve(),
  },
  {
    alert: "PgmoorWalStalled",
    strike: async (ground) => {
      await ground.nomad.scale("pgmoor-wal", 0);
      await waitFor({ what: "pgmoor-wal has ended", deadlineSeconds: 60 }, async () =>
        (await ground.nomad.allocations("pgmoor-wal")).every(
          ({ ClientStatus }) => ClientStatus !== "running",
        ),
      );
      await admin(ground, "postgres", "UPDATE pgmoor.wal SET stored = stored - interval '20 minutes'");
    },
    cure: async ({ nomad }) => void (await nomad.scale("pgmoor-wal", 1)),
  },
  {
    alert: "PgmoorArchiveStalled",
    // archive_mode takes a restart, which is the first step of the chapter.
    strike: (ground) =>
      admin(
        ground,
        "postgres",
        "ALTER SYSTEM SET archive_command = 'false'",
        "SELECT pg_reload_conf()",
        "SELECT pg_switch_wal()",
      ),
    cure: (ground) =>
      admin(
        ground,
        "postgres",
        "ALTER SYSTEM SET archive_command = 'true'",
        "SELECT pg_reload_conf()",
        "SELECT txid_current()",
        "SELECT pg_switch_wal()",
      ),
  },
  {
    alert: "PgmoorDiskFills",
    strike: async (ground) => {
      const { bavail, bsize } = await fs.statfs(volumeOf(ground, "data"));
      await run("fallocate", ["-l", String(Math.floor(bavail * bsize * 0.94)), filler(ground)]);
    },
    cure: (ground) => fs.rm(filler(ground)),
  },
];

/** Each by itself: while it lasts, the others cannot be seen. */
export const alone: readonly Fault[] = [
  {
    alert: "PgmoorFactsOld",
    strike: async (ground) => {
      // Its tables can be read and not written; the last look is made older, since eleven minutes are long.
      await hold(
        ground,
        "facts",
        ["admin", "pgmoor_monitoring"],
        "BEGIN",
        "LOCK TABLE public.services IN EXCLUSIVE MODE",
      );
      await admin(
        ground,
        "pgmoor_monitoring",
        "UPDATE public.server SET asked = asked - interval '11 minutes'",
      );
    },
    cure: () => letGo("facts"),
  },
  {
    alert: "PgmoorServerDown",
    strike: (ground) => stopAndHold(ground, "postgresql", ground.lab.postgres.port),
    cure: (ground) => startAgain(ground, "postgresql"),
  },
  {
    alert: "PgmoorMonitoringDown",
    strike: (ground) => stopAndHold(ground, "pgmoor-monitoring", ground.exporterPort),
    cure: (ground) => startAgain(ground, "pgmoor-monitoring"),
  },
];
