/** Services whose data is a SQLite file in their volume. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { migrationTableNames } from "../../services/rules";
import { speedtestTracker } from "../../services/speedtest-tracker";
import { vaultwarden } from "../../services/vaultwarden";
import type { LabService } from "../deployment";
import { databaseFiles, seedSpeedtest, seedVaultwarden } from "../samples/seed";
import type { Lab } from "../servers/lab";
import { expectThat } from "./expectations";
import { proveEqual } from "./proof";
import type { LabSource } from "./lab-source";
import { digest, lastSnapshot } from "./snapshots";

export type SqliteService = LabService & { readonly sample: "vaultwarden" | "speedtest-tracker" };

const seeds = { vaultwarden: seedVaultwarden, "speedtest-tracker": seedSpeedtest };
const definitions = { vaultwarden, "speedtest-tracker": speedtestTracker };
const mountPoints = { vaultwarden: "/data", "speedtest-tracker": "/config" } as const;

/** A database that the real program made, where it is there. */
export const realSample = path.resolve(__dirname, "../../../shared/samples/vaultwarden");
export const realName = "vaultwarden-real";

/** A service's SQLite file, as the host sees it. */
export function sourceFile(lab: Lab, { volume, sample }: SqliteService): string {
  return path.join(lab.volumes[volume]!, databaseFiles[sample]);
}

/** The user of the exec driver's tasks. */
const nobody = 65534;

/** Gives the files of a volume to the user that tasks run as. */
export async function handOver(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) await fs.chown(path.join(folder, name), nobody, nobody);
}

export const sqlite: LabSource<SqliteService> = {
  async seed(lab, service) {
    const file = sourceFile(lab, service);
    if (service.name === realName)
      for (const suffix of ["", "-wal"])
        await fs.copyFile(path.join(realSample, `db.sqlite3${suffix}`), file + suffix);
    else await seeds[service.sample](path.dirname(file));
    await handOver(path.dirname(file));
  },

  job(_lab, { sample, port, volume, environment }) {
    const data = mountPoints[sample];
    const file = `${data}/${databaseFiles[sample]}`;
    const environments: Record<SqliteService["sample"], Record<string, string>> = {
      vaultwarden: {
        DATABASE_URL: file,
        ROCKET_ADDRESS: "127.0.0.1",
        ROCKET_PORT: String(port),
        DATA_FOLDER: data,
      },
      "speedtest-tracker": {
        DB_CONNECTION: "sqlite",
        DB_DATABASE: file,
        PORT: String(port),
        APP_KEY: "typed-in-by-hand",
      },
    };
    return {
      program: sample,
      health: sample === "vaultwarden" ? "/alive" : "/admin/login",
      volumes: [{ volume, destination: data }],
      environment: { ...environments[sample], ...environment },
    };
  },

  prove: (lab, service, server) =>
    proveEqual(
      sourceFile(lab, service),
      server,
      migrationTableNames(definitions[service.sample].source!.migrationTables),
    ),

  async proveUntouched(lab, service) {
    const snapshot = path.join(await lastSnapshot(lab, service), databaseFiles[service.sample]);
    let bytes = 0;
    for (const suffix of ["", "-wal"]) {
      const [source, copy] = await Promise.all([
        digest(sourceFile(lab, service) + suffix),
        digest(snapshot + suffix),
      ]);
      expectThat(
        source.sha256 === copy.sha256,
        `${service.name}: its old file${suffix} is not what the snapshot holds`,
      );
      bytes += source.bytes;
    }
    return bytes;
  },
};
