/** What the server's own table says of backups and their tests. What is really there is in the repository. */
import type { Environment } from "../environments/model/environment";
import { messageOf } from "../migrator/base/errors";
import { asAdmin, isAdmin } from "./postgres";
import type { Place } from "./server";
import type { Secret } from "./vault";

/** The newest backup that has a database. */
export interface DatabaseBackup {
  readonly id: string;
  readonly made: Date;
  /** When a backup with this database was last restored for a test, and was as it should be; `null`: never. */
  readonly proved: Date | null;
}

/** Why the last backup or test did not succeed. */
export interface BackupFailure {
  readonly kind: "backup" | "test";
  readonly ended: Date;
  readonly message: string;
}

export interface BackupsSeen {
  /** By database. */
  readonly databases: ReadonlyMap<string, DatabaseBackup>;
  /** Those runs that failed since the last one of their kind that did not. */
  readonly failures: readonly BackupFailure[];
  /** When the WAL was last copied into the repository, and why not since. */
  readonly wal: { readonly stored: Date; readonly trouble: string | null } | null;
}

const none: BackupsSeen = { databases: new Map(), failures: [], wal: null };

/** @returns why nobody could tell, if nobody could */
export async function backupsSeen(
  environment: Environment,
  place: Place,
  admin: Secret,
): Promise<BackupsSeen | string> {
  if (!isAdmin(admin)) return "has no known admin";
  try {
    return await asAdmin(environment, place, admin, "postgres", async (client) => {
      const there = await client.query<{ there: boolean }>(
        "SELECT to_regclass('pgmoor.wal') IS NOT NULL AS there",
      );
      if (!there.rows[0]!.there) return none;
      const databases = await client.query<DatabaseBackup & { database: string }>(`
        SELECT DISTINCT ON (database) database, b.backup AS id, b.started AS made,
               (SELECT max(t.ended) FROM pgmoor.backups t
                 WHERE t.kind = 'test' AND t.outcome = 'done' AND database = ANY (t.databases)) AS proved
          FROM pgmoor.backups b, unnest(b.databases) AS database
         WHERE b.kind = 'backup' AND b.outcome = 'done' ORDER BY database, b.started DESC`);
      const failures = await client.query<BackupFailure>(`
        SELECT DISTINCT ON (kind) kind, ended, coalesce(message, '') AS message FROM pgmoor.backups f
         WHERE outcome = 'failed' AND NOT EXISTS (SELECT FROM pgmoor.backups g
           WHERE g.kind = f.kind AND g.outcome = 'done' AND g.run > f.run) ORDER BY kind, run DESC`);
      const wal = await client.query<NonNullable<BackupsSeen["wal"]>>(
        "SELECT stored, trouble FROM pgmoor.wal",
      );
      return {
        databases: new Map(databases.rows.map(({ database, ...backup }) => [database, backup])),
        failures: failures.rows,
        wal: wal.rows[0] ?? null,
      };
    });
  } catch (error) {
    return `cannot be asked about backups: ${messageOf(error)}`;
  }
}
