/** The server gets a certificate from Vault, which is renewed while pgbench runs; then it refuses clients that do not encrypt. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { connect } from "node:net";
import * as tls from "node:tls";
import { promisify } from "node:util";
import { Client } from "pg";
import { certificateRole, serverName } from "../../environments/lab";
import { mountPki } from "../servers/vault";
import { waitFor } from "../servers/wait";
import { asAdmin, readSecret } from "../story/context";
import { expectSuccess, expectThat, tail } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { databasesOf, running } from "./adoption";
import { backUpEncrypted, restoreAllEncrypted } from "./encrypted-backups";
import { takenOver, type Ground } from "./ground";

/** Vault dates a certificate back by 30 s, and it is renewed when a tenth of all that is left. */
const ttlSeconds = 60;
const renewals = 2;

/** Debian's: those of the Python wheel have no TLS. */
const pgbench = "/usr/bin/pgbench";

export interface Encrypted {
  readonly certificates: number;
  /** Of pgbench. */
  readonly transactions: number;
  readonly failed: number;
}

const run = promisify(execFile);

export async function encrypt(ground: Ground): Promise<Encrypted> {
  const { deployment, lab, services, say } = ground;
  const ca = await mountPki(lab.vault, certificateRole, [serverName]);
  const caFile = path.join(lab.directory, "ca.pem");
  await fs.writeFile(caFile, ca);
  const server = takenOver(lab);
  const certificate = { seconds: ttlSeconds, caFile, only: false };

  await deployment.keepServer({ server: { ...server, tls: certificate } });
  expectSuccess(await deployment.deploy(["server"]), "the deploy of a server with a certificate");
  await deployment.keepServer({ server: { ...server, tls: { ...certificate, only: true } } });
  await expectStopped(ground, /server\.sslmode is "disable"/, "only, while nothing encrypts");

  await deployment.keepServer({
    server: { ...server, tls: { ...certificate, only: true }, encrypted: true },
  });
  await expectStopped(ground, /sessions without it/, "only, while services have sessions without encryption");

  await deployment.keepServer({ server: { ...server, tls: certificate, encrypted: true } });
  const names = databasesOf(ground);
  expectSuccess(await deployment.deploy(names), "the deploy of the services with verify-full");
  for (const service of services) await waitForAnswer(service, "server", 60);
  say("a certificate from Vault; Terraform and five services connect with verify-full");

  await deployment.keepServer({
    server: { ...server, tls: { ...certificate, only: true }, encrypted: true },
  });
  expectSuccess(await deployment.deploy(["server"]), "the deploy of a server that refuses the others");
  const encrypted: Ground = { ...ground, lab: { ...lab, postgres: { ...lab.postgres, ca } } };
  await waitForAllEncrypted(encrypted);
  await expectRefused(encrypted);
  const told = await renew(encrypted);
  for (const service of services) await waitForAnswer(service, "server", 60);
  await backUpEncrypted(encrypted, {
    server: { ...server, tls: { ...certificate, only: true }, encrypted: true },
  });
  await restoreAllEncrypted(encrypted);
  await waitForAllEncrypted(encrypted);
  await expectRefused(encrypted);
  return told;
}

async function expectStopped({ deployment }: Ground, why: RegExp, what: string): Promise<void> {
  const outcome = await deployment.deploy(["server"]);
  const flat = outcome.output.replace(/\s*[│|]?\s*\n\s*[│|]?\s*/g, " ");
  expectThat(!outcome.succeeded && why.test(flat), `${what}: the deploy should be refused`, tail(outcome));
}

/** As PostgreSQL itself sees it. */
async function waitForAllEncrypted({ lab, services, say }: Ground): Promise<void> {
  for (const service of services) await waitForAnswer(service, "server", 60);
  const sessions = await asAdmin(lab, "postgres", async (client) => {
    const { rows } = await client.query<{ name: string; ssl: boolean }>(
      `SELECT usename AS name, bool_and(ssl) AS ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE backend_type = 'client backend' GROUP BY usename`,
    );
    return rows;
  });
  expectThat(
    sessions.length > services.length && sessions.every(({ ssl }) => ssl),
    "every session should be encrypted",
    JSON.stringify(sessions),
  );
  say(`${sessions.length} roles have sessions, every one encrypted`);
}

/** Without the authority's certificate, with another name, and without encryption. */
async function expectRefused({ lab, services, say }: Ground): Promise<void> {
  const { host, port, ca } = lab.postgres;
  const { name } = services[1]!;
  const { password } = await readSecret(lab, `postgres/${name}`);
  const login = { host, port, user: name, password, database: name };
  const refused = async (ssl: false | tls.ConnectionOptions): Promise<string> => {
    const client = new Client({ ...login, ssl });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const plain = await refused(false);
  expectThat(/no encryption/.test(plain), "a client without encryption should be refused", plain);
  const stranger = await refused({});
  expectThat(
    /self-signed certificate|unable to verify/.test(stranger),
    "a client without the CA should refuse",
    stranger,
  );
  const other = await refused({
    ca: ca!,
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity("other.example.org", certificate),
  });
  expectThat(/does not match certificate/.test(other), "another host's name should be refused", other);
  say("refused: without encryption, without the CA, for another host's name");
}

/** pgbench over several certificates: no transaction fails, and PostgreSQL is not restarted. */
async function renew(ground: Ground): Promise<Encrypted> {
  const { lab, say } = ground;
  const before = await running(ground);
  const seen = new Set([await serialOf(lab.postgres)]);
  // In sessions that last, and in one for each transaction: each of those makes a handshake with the certificate of the moment.
  const results = await benches(ground, [[], ["--connect"]], async () => {
    seen.add(await serialOf(lab.postgres));
  });
  const after = await running(ground);
  expectThat(
    after.startedAt === before.startedAt,
    "PostgreSQL should not be restarted for a new certificate",
  );
  expectThat(
    seen.size > renewals,
    `more than ${renewals} certificates should have been seen, not ${seen.size}`,
  );
  const transactions = results.reduce((sum, result) => sum + result.transactions, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  expectThat(failed === 0 && transactions > 0, "no transaction should fail", JSON.stringify(results));
  say(
    `${seen.size} certificates without a restart, while pgbench ran ${transactions} transactions: ${failed} failed`,
  );
  return { certificates: seen.size, transactions, failed };
}

/** Of the certificate that a new connection gets. Source: https://www.postgresql.org/docs/16/protocol-message-formats.html (SSLRequest) */
async function serialOf({ host, port, ca }: Ground["lab"]["postgres"]): Promise<string> {
  const plain = connect(port, host);
  try {
    await once(plain, "connect");
    plain.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    await once(plain, "data");
    const socket = tls.connect({ socket: plain, ca, host });
    await once(socket, "secureConnect");
    return socket.getPeerCertificate().serialNumber;
  } finally {
    plain.destroy();
  }
}

interface Result {
  readonly transactions: number;
  readonly failed: number;
}

/** pgbench once for each set of arguments, all at a time; `meanwhile` again and again until they have ended. */
async function benches(
  { lab }: Ground,
  all: readonly (readonly string[])[],
  meanwhile: () => Promise<void>,
): Promise<Result[]> {
  const { username, password } = await readSecret(lab, "postgres/admin");
  const env = {
    PATH: "/usr/bin:/bin",
    PGHOST: lab.postgres.host,
    PGPORT: String(lab.postgres.port),
    PGUSER: username!,
    PGPASSWORD: password!,
    PGDATABASE: "bench",
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: path.join(lab.directory, "ca.pem"),
  };
  await asAdmin(lab, "postgres", (client) => client.query("CREATE DATABASE bench"));
  await run(pgbench, ["--initialize", "--quiet", "--scale=1"], { env });
  const seconds = Math.round((renewals + 0.5) * ttlSeconds);
  const args = ["--client=2", "--rate=20", `--time=${seconds}`, "--no-vacuum"];
  let left = all.length;
  const ended = all.map(async (more) => {
    const { stdout } = await run(pgbench, [...args, ...more], { env }).finally(() => left--);
    const number = (what: string) => Number(new RegExp(`^number of ${what}: (\\d+)`, "m").exec(stdout)?.[1]);
    return { transactions: number("transactions actually processed"), failed: number("failed transactions") };
  });
  const results = Promise.all(ended);
  results.catch(() => undefined);
  await waitFor({ what: "pgbench has ended", deadlineSeconds: seconds + 60, everyMs: 1000 }, async () => {
    await meanwhile();
    return left === 0;
  });
  return results;
}
