/** The report as a person reads it. */
import { columns, printable, type Cell } from "./columns";
import { isTold, type Asked, type Connections, type ServiceStatus, type Status } from "./report";

export function statusText(status: Status): string {
  const { servers, services, retired } = status;
  const unknowns = reasonsOf(status);
  const sections = [
    [`${status.environment}, ${moment(status.asked)}`],
    serverLines(status),
    ...(services.length === 0 ? [] : [jobs(services), databases(services)]),
    moves(services),
    retired.length === 0 ? [] : [`retired, not asked: ${retired.join(", ")}`],
    unknowns,
    next(services, unknowns.length === 0 && servers.every(({ trouble }) => trouble === null)),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function serverLines({ servers, connections }: Status): string[] {
  return columns(
    ["server", "address", ""],
    servers.map(({ server, at, trouble }) => [
      server,
      at ?? "-",
      trouble ?? (server === "PostgreSQL" ? `answers, ${ofLimit(connections)} connections` : "answers"),
    ]),
  );
}

function jobs(services: readonly ServiceStatus[]): string[] {
  return columns(
    ["service", "phase", "job", "deployment", "health", "password", "backup"],
    services.map(({ service, phase, job, health, password, backup }) => [
      service,
      phase.real === phase.declared || phase.real === null
        ? phase.declared
        : `${phase.declared} (runs as ${phase.real})`,
      told(job, ({ status, running, wanted, stopped, phase: real }) =>
        [
          stopped ? "stopped" : running === wanted ? status : `${status}, ${running} of ${wanted}`,
          ...(real === null ? ["not pgmoor's"] : []),
        ].join(", "),
      ),
      told(job, ({ deployment }) => deployment?.status ?? "-"),
      told(health, ({ status }) => status),
      told(password, ({ version, vaultVersion, days, deleted }) =>
        deleted ? "deleted" : `version ${version} (Vault ${vaultVersion}), ${count(days, "day")} old`,
      ),
      told(
        backup,
        ({ hours, proved }) =>
          `${age(hours)} old, ${proved === null ? "unproved" : `proved ${proved.slice(0, 10)}`}`,
      ),
    ]),
  );
}

function databases(services: readonly ServiceStatus[]): string[] {
  return columns(
    ["service", "database", "size", "connections", "cache hits", "dead rows", "largest tables"],
    services.map(({ service, database, tables }): Cell[] => [
      service,
      told(database, ({ name }) => name),
      right(told(database, ({ bytes }) => (bytes === null ? "?" : size(bytes)))),
      right(told(database, ({ connections }) => ofLimit(connections))),
      right(told(database, ({ cacheHits }) => (cacheHits === null ? "-" : share(cacheHits)))),
      right(
        told(tables, ({ rows, deadRows }) =>
          deadRows === 0 ? "0" : `${whole(deadRows)} (${share(deadRows / (rows + deadRows))})`,
        ),
      ),
      told(tables, ({ largest }) =>
        largest === null
          ? "one is locked"
          : largest
              .slice(0, 2)
              .map(({ table, bytes }) => `${table} ${size(bytes)}`)
              .join(", ") || "-",
      ),
    ]),
  );
}

/** Of those that a move was tried for. */
function moves(services: readonly ServiceStatus[]): string[] {
  const rows = services.flatMap(({ service, ledger }): Cell[][] =>
    isTold(ledger)
      ? [
          [
            service,
            right(String(ledger.attempt)),
            ledger.state,
            right(ledger.rows === null ? "-" : whole(ledger.rows)),
            ledger.confirmed === null ? "-" : moment(ledger.confirmed),
            ledger.sourceChanged === null ? "unchanged" : `changed, seen ${moment(ledger.sourceChanged)}`,
          ],
        ]
      : [],
  );
  return rows.length === 0
    ? []
    : columns(["service", "attempt", "state", "rows", "confirmed", "source since"], rows);
}

/** Why there is a `?`, where the servers' own lines do not say it. */
function reasonsOf({ servers, services }: Status): string[] {
  const said = new Set(servers.map(({ server, trouble }) => `${server} ${trouble}`));
  return services.flatMap(({ service, job, health, database, tables, password, backup }) => {
    const reasons = [job, health, database, tables, password, backup].flatMap((part) =>
      part !== null && "unknown" in part && !said.has(part.unknown) ? [part.unknown] : [],
    );
    return [...new Set(reasons)].map((reason) => printable(`? ${service}: ${reason}`));
  });
}

function next(services: readonly ServiceStatus[], allTold: boolean): string[] {
  const lines = services.flatMap(({ service, next }) =>
    next.map(({ how }) => printable(`  ${service}: ${how}`)),
  );
  if (lines.length > 0) return ["What to do:", ...lines];
  return [allTold ? "Nothing to do." : "Nothing to do, as far as pgmoor could check."];
}

/** `?` where nobody could tell, `-` where there is none. */
function told<T extends object>(asked: Asked<T>, text: (value: T) => string): string {
  if (asked === null) return "-";
  return isTold(asked) ? text(asked) : "?";
}

const right = (text: string): Cell => ({ right: text });
const whole = (value: number) => value.toLocaleString("en");
const count = (value: number, word: string) => `${value} ${word}${value === 1 ? "" : "s"}`;
const age = (hours: number) => (hours < 48 ? count(hours, "hour") : count(Math.floor(hours / 24), "day"));
const share = (value: number) => `${(Math.floor(value * 1000) / 10).toFixed(1)} %`;
const moment = (iso: string) => iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");

function ofLimit(asked: Asked<Connections>): string {
  return told(asked, ({ open, limit }) => (limit < 0 ? `${open}, no limit` : `${open} of ${limit}`));
}

const units = ["B", "kB", "MB", "GB", "TB"];

/** As PostgreSQL's `pg_size_pretty`, with steps of 1024. */
function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
