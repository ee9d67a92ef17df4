/**
 * The task `facts`: looks at the services and the server again and again, and writes what it sees into tables that
 * postgres_exporter reads. What one server cannot tell is left out of a look, and the log says why; the others are told.
 */
import * as fs from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf, Refused } from "../base/errors";
import type { Log } from "../base/progress";
import { endSession } from "../server/connection";
import type { DatabaseLogin } from "../server/login";
import { certificateEnds } from "./certificate";
import type { FactsConfig, WatchedService } from "./config";
import { backupsFacts, databasesThere, ledgerFacts, ownSession, type BackupsFacts } from "./databases";
import { jobFacts, unknownJob } from "./nomad";
import { passwordChanged } from "./passwords";
import { store, type ServerRow, type ServiceRow } from "./store";

export interface Watching {
  readonly config: FactsConfig;
  /** libpq's variables of the monitoring's role and database. */
  readonly server: DatabaseLogin["variables"];
  /** The task's `NOMAD_SECRETS_DIR`. */
  readonly secrets: string;
  readonly log: Log;
  readonly stop: AbortSignal;
}

/** Looks until it is told to stop. A look that fails is said, and the next one is made as if nothing had been. */
export async function watchForEver(watching: Watching): Promise<never> {
  const { config, log, stop } = watching;
  const said = new Said(log);
  for (;;) {
    stop.throwIfAborted();
    try {
      await look(watching, said);
      said.once("the server", undefined);
    } catch (error) {
      if (error instanceof Refused) throw error;
      said.once("the server", messageOf(error));
    }
    await pause(config.everySeconds * 1000, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** One look. @throws when the facts cannot be written */
export async function look(watching: Watching, said: Said): Promise<void> {
  const { config, server, log } = watching;
  const client = await ownSession(server, log);
  try {
    const there = await databasesThere(
      client,
      config.services.map(({ database }) => database),
    );
    const backups = config.backups
      ? await said.of<BackupsFacts | "unknown">(
          "the backups",
          "unknown",
          async () => (await backupsFacts(server)) ?? none,
        )
      : "unknown";
    const services = [];
    for (const service of config.services)
      services.push(await serviceRow(watching, said, service, there.has(service.database), backups));
    await store(client, services, await serverRow(watching, said, backups));
  } finally {
    await endSession(client);
  }
}

async function serviceRow(
  { config, server, secrets }: Watching,
  said: Said,
  service: WatchedService,
  has_database: boolean,
  backups: BackupsFacts | "unknown",
): Promise<ServiceRow> {
  const { name, database, phase, secret } = service;
  const job = await said.of(`Nomad, of ${name}`, unknownJob, () => jobFacts(secrets, config, service));
  const ledger = has_database
    ? await said.of(`the ledger of ${name}`, undefined, () => ledgerFacts(server, database))
    : undefined;
  const password_changed = await said.of(`Vault, of ${name}`, null, () =>
    passwordChanged(secrets, config.vault, secret),
  );
  const backup = backups === "unknown" ? undefined : backups.databases.get(database);
  return {
    service: name,
    database,
    declared: phase,
    deployed: job.deployed,
    // A job that was never deployed is not down.
    up: job.deployed === null && !has_database ? null : job.up,
    has_database,
    state: ledger?.state ?? null,
    attempt: ledger?.attempt ?? null,
    rows: ledger?.rows ?? null,
    confirmed: ledger?.confirmed ?? null,
    password_changed,
    backup_made: backup?.made ?? null,
    backup_proved: backup?.proved ?? null,
  };
}

async function serverRow(
  { config, server }: Watching,
  said: Said,
  backups: BackupsFacts | "unknown",
): Promise<ServerRow> {
  const { PGHOST = "", PGPORT = "5432" } = server;
  const disk = config.disk;
  const space = disk === undefined ? undefined : await said.of("the disk", undefined, () => fs.statfs(disk));
  const certificate_ends = await said.of("the certificate", null, () =>
    certificateEnds(PGHOST, Number(PGPORT)),
  );
  const { backup_failed, test_failed, wal_stored, wal_trouble } = backups === "unknown" ? none : backups;
  return {
    unknown: said.unknown,
    backups: backups !== "unknown",
    backup_failed,
    test_failed,
    wal_stored,
    wal_trouble,
    certificate_ends,
    disk_bytes: space === undefined ? null : space.blocks * space.bsize,
    disk_free: space === undefined ? null : space.bavail * space.bsize,
  };
}

/** While nothing was ever backed up. */
const none: BackupsFacts = {
  databases: new Map(),
  backup_failed: false,
  test_failed: false,
  wal_stored: null,
  wal_trouble: false,
};

/** What could not be told, said once and not at every look. */
export class Said {
  private readonly reasons = new Map<string, string>();

  constructor(private readonly log: Log) {}

  /** How many things cannot be told now. */
  get unknown(): number {
    return this.reasons.size;
  }

  once(what: string, reason: string | undefined): void {
    if (this.reasons.get(what) === reason) return;
    if (reason === undefined) this.reasons.delete(what);
    else this.reasons.set(what, reason);
    this.log(reason === undefined ? `${what}: can be asked again` : `${what}: cannot be asked: ${reason}`);
  }

  /** @param otherwise what it is while it cannot be asked */
  async of<T>(what: string, otherwise: T, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.once(what, undefined);
      return answer;
    } catch (error) {
      this.once(what, messageOf(error));
      return otherwise;
    }
  }
}
