/** `pgmoor status` on the real servers, held against what they say when somebody else asks them. */
import { isTold, type ServiceStatus, type Status } from "../../status/report";
import type { LabService } from "../deployment";
import { call } from "../servers/api";
import type { BootedLab } from "../servers/boot";
import { unseal } from "../servers/vault";
import { asAdmin, databaseOf, type Stage } from "./context";
import { expectThat, tail } from "./expectations";
import type { MovedService } from "./report";

export async function showStatus(
  stage: Stage,
  booted: Pick<BootedLab, "servers" | "start">,
  moved: readonly MovedService[],
): Promise<void> {
  const { moving, spoilt, unwell, adopted, say, lab } = stage;
  const services = [...moving, spoilt, unwell, ...adopted];
  const before = new Map(
    await Promise.all(
      services.map(async (service) => [service.name, await databaseBytes(stage, service)] as const),
    ),
  );
  const { succeeded, status } = await ask(stage);
  expectThat(
    succeeded && status.servers.every(({ trouble }) => trouble === null),
    "`pgmoor status` should be able to tell everything, and no service should be down",
    JSON.stringify(status, undefined, 2),
  );
  for (const service of services) {
    const found = statusOf(status, service);
    await holdAgainstNomad(stage, found);
    await holdAgainstPostgres(stage, service, found, before.get(service.name)!);
    await holdAgainstVault(stage, service, found);
  }
  for (const { name, rows } of moved) {
    const { ledger, next } = status.services.find(({ service }) => service === name)!;
    expectThat(
      isTold(ledger) && ledger.state === "confirmed" && ledger.rows === rows,
      `${name} has moved with ${rows} rows, and \`pgmoor status\` says ${JSON.stringify(ledger)}`,
    );
    expectThat(
      next.some(({ what }) => what === "settle"),
      `\`pgmoor status\` should say that ${name} can be settled`,
    );
  }
  say(
    `${services.length} services: as Nomad, PostgreSQL and Vault say themselves; those that moved can be settled`,
  );

  await booted.servers.vault.stop();
  const blind = await ask(stage);
  await booted.start("vault");
  await unseal(lab.vault);
  const troubled = blind.status.servers.filter(({ trouble }) => trouble !== null);
  expectThat(
    !blind.succeeded && troubled.map(({ server }) => server).join() === "Vault,PostgreSQL",
    "without Vault, `pgmoor status` should fail and name it, and PostgreSQL, whose password it has",
    JSON.stringify(blind.status.servers),
  );
  expectThat(
    blind.status.services.every(({ up, job }) => up === true && isTold(job)),
    "without Vault, `pgmoor status` should still say that every service runs",
  );
  say(`without Vault: every service runs, and ${troubled[0]!.server} ${troubled[0]!.trouble}`);
}

async function ask({ deployment }: Stage): Promise<{ succeeded: boolean; status: Status }> {
  const outcome = await deployment.pgmoor("status", ["--json"], {});
  const line = outcome.output.trim().split("\n").at(-1)!;
  expectThat(line.startsWith("{"), "`pgmoor status --json` should print JSON", tail(outcome));
  return { succeeded: outcome.succeeded, status: JSON.parse(line) as Status };
}

function statusOf({ services }: Status, { name }: LabService): ServiceStatus {
  const found = services.find(({ service }) => service === name);
  expectThat(found !== undefined, `\`pgmoor status\` should tell of ${name}`);
  return found;
}

async function holdAgainstNomad(
  { nomad }: Stage,
  { service, job, up, health }: ServiceStatus,
): Promise<void> {
  const [{ Version, Status }, deployment, allocations] = await Promise.all([
    nomad.job(service),
    nomad.deployment(service),
    nomad.allocations(service),
  ]);
  const running = allocations.filter(({ ClientStatus }) => ClientStatus === "running").length;
  expectThat(
    isTold(job) &&
      job.version === Version &&
      job.status === Status &&
      job.running === running &&
      job.deployment?.status === deployment?.Status,
    `Nomad has ${service} as ${Status}, version ${Version}, ${running} running, ${deployment?.Status}; \`pgmoor status\` says ${JSON.stringify(job)}`,
  );
  expectThat(
    up === true && isTold(health) && health.status === "passing",
    `${service} answers, and \`pgmoor status\` says ${JSON.stringify({ up, health })}`,
  );
}

/** The document's own monitoring: sizes of databases and tables. */
async function holdAgainstPostgres(
  stage: Stage,
  service: LabService,
  { database, tables }: ServiceStatus,
  before: number,
): Promise<void> {
  const after = await databaseBytes(stage, service);
  expectThat(
    isTold(database) &&
      database.name === databaseOf(service) &&
      Math.min(before, after) <= database.bytes! &&
      database.bytes! <= Math.max(before, after),
    `the database of ${service.name} has ${after} bytes; \`pgmoor status\` says ${JSON.stringify(database)}`,
  );
  const { rows } = await asAdmin(stage.lab, databaseOf(service), (client) =>
    client.query<{ table: string }>(
      `SELECT tablename AS table FROM pg_tables WHERE schemaname = 'public'
        ORDER BY pg_total_relation_size(schemaname||'.'||quote_ident(tablename)) DESC, 1 LIMIT 10`,
    ),
  );
  const largest = isTold(tables) ? (tables.largest ?? []) : [];
  expectThat(
    largest.map(({ table }) => table).join() === rows.map(({ table }) => table).join(),
    `the largest tables of ${service.name} are ${rows.map(({ table }) => table).join(", ")}; \`pgmoor status\` says ${JSON.stringify(tables)}`,
  );
}

function databaseBytes({ lab }: Stage, service: LabService): Promise<number> {
  return asAdmin(lab, databaseOf(service), async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      "SELECT pg_database_size(current_database()) AS bytes",
    );
    return Number(rows[0]!.bytes);
  });
}

async function holdAgainstVault(
  { lab }: Stage,
  service: LabService,
  { password }: ServiceStatus,
): Promise<void> {
  const { data } = await call<{
    data: { current_version: number; versions: Record<string, { created_time: string }> };
  }>(`${lab.vault.address}/v1/secret/metadata/postgres/${databaseOf(service)}`, {
    headers: { "X-Vault-Token": lab.vault.token },
  });
  const { created_time } = data.versions[data.current_version]!;
  expectThat(
    isTold(password) &&
      password.vaultVersion === data.current_version &&
      Date.parse(password.changed) === Date.parse(created_time) &&
      password.works === true,
    `Vault has version ${data.current_version} of the secret of ${service.name}, of ${created_time}; \`pgmoor status\` says ${JSON.stringify(password)}`,
  );
}
