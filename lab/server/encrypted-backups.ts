/** The server refuses connections without encryption: WAL, backups, the restore test and every restore get in with TLS. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { encryptingClients, labName } from "../../environments/lab";
import { contents, different } from "../backups/contents";
import { backUp, testRestore, type Ended } from "../backups/jobs";
import { findTool } from "../servers/programs";
import { asAdmin } from "../story/context";
import { expectSuccess, expectThat } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { databasesOf } from "./adoption";
import { serverJob, type Ground } from "./ground";

const programs = ["pg_basebackup", "pg_dump", "pg_dumpall", "pg_receivewal", "pg_restore"];

/** @param ground with the authority of the server's certificate; the environment has the server as it is */
export async function backUpEncrypted(
  ground: Ground,
  central: Parameters<Ground["deployment"]["keepServer"]>[0],
): Promise<void> {
  const { lab, deployment, say } = ground;
  const restic = path.join(lab.programs, "restic");
  await fs.copyFile(await findTool("restic", { progress: say }), restic);
  await fs.chmod(restic, 0o755);
  await makeClients(ground);
  await logSessions(ground);
  await deployment.keepServer({ ...central, backups: {} });
  expectSuccess(await deployment.deploy(["backups"]), "the deploy of the backups of a server that encrypts");
  const before = await contents(ground, ["gitea"]);
  succeed(await backUp(ground), "the backup of a server that encrypts");
  succeed(await testRestore(ground), "the restore test of a server that encrypts");
  const restored = await deployment.pgmoor("restore", ["gitea", "--as", "gitea_restored", "--json"], {});
  expectSuccess(restored, "a restore on a server that encrypts");
  const after = await contents(ground, ["gitea_restored"]);
  const tables = Object.entries(before);
  const apart = tables.filter(([name, rows]) => after[name.replace("gitea ", "gitea_restored ")] !== rows);
  expectThat(apart.length === 0, "every row of gitea should be restored", apart.join("\n"));
  const sessions = await loggedSessions(ground);
  for (const program of ["pg_receivewal", "pg_basebackup", "pg_dump", "pg_restore", "pgmoor"])
    expectThat(sessions.get(program) === true, `every session of ${program} should be encrypted`);
  say(
    `backed up, tested and restored over TLS from a server that takes nothing else: ${tables.length} tables as they were, sessions of ${[...sessions.keys()].sort().join(", ")}`,
  );
}

/** The whole server: its job is stopped, its data directory replaced, and it comes back with its certificate. */
export async function restoreAllEncrypted(ground: Ground): Promise<void> {
  const { lab, deployment, services, say } = ground;
  const databases = databasesOf(ground);
  const before = await contents(ground, databases);
  succeed(await backUp(ground), "the backup before the restore of the whole server");
  const restored = await deployment.pgmoor("restore", ["--all", "--confirm", labName(lab.directory)], {});
  expectSuccess(restored, "a restore of the whole server that encrypts");
  const differences = different(before, await contents(ground, databases));
  expectThat(differences.length === 0, "every row should be back", differences.join("\n"));
  for (const service of services) await waitForAnswer(service, "server", 90);
  say(`restored the whole server over TLS: ${Object.keys(before).length} tables as they were`);
}

function succeed({ succeeded, stdout, stderr }: Ended, what: string): void {
  expectThat(succeeded, `${what} should have succeeded`, `${stdout}\n${stderr}`);
}

/** The wheel's libpq has no TLS; Debian's has, and the same programs take it in its place. */
async function makeClients({ lab }: Ground): Promise<void> {
  const folder = path.join(lab.programs, encryptingClients);
  await fs.mkdir(folder);
  const libraries = (await fs.readdir("/usr/lib")).map((name) => `/usr/lib/${name}/libpq.so.5`);
  const found = [];
  for (const library of libraries) if (await fs.stat(library).catch(() => undefined)) found.push(library);
  if (found.length === 0) throw new Error("there is no /usr/lib/*/libpq.so.5: install libpq5");
  for (const program of programs) {
    const wheel = `${lab.embedded!.clients}/bin/${program}`;
    const script = `#!/bin/sh\nLD_PRELOAD=${found[0]} exec ${wheel} "$@"\n`;
    await fs.writeFile(path.join(folder, program), script, { mode: 0o755 });
  }
}

/** The server logs each session from now on. */
async function logSessions({ lab }: Ground): Promise<void> {
  await asAdmin(lab, "postgres", async (client) => {
    await client.query("ALTER SYSTEM SET log_connections = on");
    await client.query("SELECT pg_reload_conf()");
  });
}

/** By program: whether all of its sessions that the server has logged were encrypted. */
async function loggedSessions({ nomad }: Ground): Promise<ReadonlyMap<string, boolean>> {
  const seen = new Map<string, boolean>();
  const log = await nomad.output(serverJob, "postgres", "stderr");
  for (const [, name, encrypted] of log.matchAll(
    /connection authorized: .*application_name=(\S+)( SSL enabled)?/g,
  ))
    seen.set(name!, encrypted !== undefined && seen.get(name!) !== false);
  return seen;
}
