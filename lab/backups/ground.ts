/** What the chapters of the backups stand on: a lab whose PostgreSQL is a Nomad job of pgmoor's, services on it, an S3 server. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { serverEntrypoint, serverVolumes, type LabFacts } from "../../environments/lab";
import { buildMigrator } from "../../migrator/image/build";
import { Deployment, type LabService } from "../deployment";
import { bootServers } from "../ground";
import type { ServedProviders } from "../providers/serve";
import { buildSamples } from "../samples/build";
import type { BootedLab } from "../servers/boot";
import type { Lab } from "../servers/lab";
import { findTool } from "../servers/programs";
import { writeSecret } from "../servers/vault";
import { freePorts } from "../servers/wait";
import { expectSuccess } from "../story/expectations";
import { NomadApi } from "../story/nomad-api";
import { waitForAnswer } from "../story/services";
import { startS3, type S3Server } from "./s3";

const run = promisify(execFile);

export interface Ground {
  readonly booted: BootedLab;
  readonly lab: Lab;
  readonly nomad: NomadApi;
  readonly deployment: Deployment;
  readonly services: readonly LabService[];
  readonly s3: S3Server;
  /** restic's program, for looks of the lab's own. */
  readonly restic: string;
  readonly say: (line: string) => void;
}

export const bucket = "backups";
const names = ["grafana", "gitea", "freshrss"] as const;

/** @param volumes further ones @default none */
export async function bootGround(
  directory: string,
  say: Ground["say"],
  volumes: readonly string[] = [],
): Promise<BootedLab> {
  return bootServers(
    directory,
    ["snapshots", ...Object.values(serverVolumes), ...volumes],
    say,
    undefined,
    "job",
  );
}

/**
 * Deploys the server, then the services, then the backups.
 * @param monitoring what watches the server: it is not deployed here @default nothing does
 * @param settings of the server's, besides those of the backups @default none
 */
export async function layGround(
  booted: BootedLab,
  providers: ServedProviders | undefined,
  say: Ground["say"],
  monitoring?: LabFacts["monitoring"],
  settings: Readonly<Record<string, string>> = {},
): Promise<Ground> {
  const { lab } = booted;
  if (lab.embedded === undefined)
    throw new Error("the backups need PostgreSQL's client programs, which pip could not fetch here");
  const restic = await findTool("restic", { progress: say });
  const s3 = await startS3(await findTool("versitygw", { progress: say }), lab.directory);
  await Promise.all([
    buildMigrator(path.join(lab.programs, "pgmoor-migrator.cjs")),
    buildSamples(lab.programs),
    fs.copyFile(restic, path.join(lab.programs, "restic")),
    fs.copyFile(
      path.join(__dirname, "../samples", serverEntrypoint),
      path.join(lab.programs, serverEntrypoint),
    ),
  ]);
  await fs.chmod(path.join(lab.programs, "restic"), 0o755);
  await limitDisk(volumeOf({ lab }, "backups"));
  await writeSecret(lab.vault, "grafana", { admin_password: "typed-in-by-hand" });
  await writeSecret(lab.vault, "s3", { access_key_id: s3.accessKey, secret_access_key: s3.secretKey });

  const ports = await freePorts(names.length);
  const services = names.map((name): LabService => ({
    name,
    sample: name,
    port: ports.pop()!,
    volume: `${name}_data`,
    phase: "prepared",
    existing: [],
    environment: {},
  }));
  const deployment = new Deployment({ lab, services, reattach: providers?.reattach });
  await deployment.keepServer({
    ...central({ lab, s3 }, { settings }),
    ...(monitoring === undefined ? {} : { monitoring }),
  });
  say("deploying the server");
  expectSuccess(await deployment.deploy(["server"]), "the deploy of the server");
  say("deploying three services and the backups");
  expectSuccess(await deployment.deploy([...names]), "the deploy of the services");
  expectSuccess(await deployment.deploy(["backups"]), "the deploy of the backups");
  for (const service of services) await waitForAnswer(service, "server", 60);
  return { booted, lab, nomad: new NomadApi(lab), deployment, services, s3, restic, say };
}

interface Central {
  /** Of PostgreSQL. @default none but those that every lab has */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether Vault has its secrets from before. @default false */
  readonly existing?: boolean;
}

/** The environment's server and backups. */
export function central(
  { lab, s3 }: Pick<Ground, "lab" | "s3">,
  { settings = {}, existing = false }: Central = {},
): Parameters<Deployment["keepServer"]>[0] {
  return {
    server: {
      port: lab.postgres.port,
      settings: { max_slot_wal_keep_size: "32MB", wal_keep_size: "0", ...settings },
      ...(existing ? { existingSecret: true } : {}),
    },
    backups: { s3: { endpoint: s3.endpoint, bucket }, ...(existing ? { existingKey: true } : {}) },
  };
}

/** A small disk of its own, so that it can be full. It ends with the lab. */
export async function limitDisk(folder: string, size = "800m"): Promise<void> {
  const { uid, gid } = await fs.stat(folder);
  await run("mount", ["-t", "tmpfs", "-o", `size=${size},mode=755,uid=${uid},gid=${gid}`, "tmpfs", folder]);
}

/** Where the lab has a host volume. */
export function volumeOf({ lab }: Pick<Ground, "lab">, volume: keyof typeof serverVolumes): string {
  return lab.volumes[serverVolumes[volume]]!;
}
