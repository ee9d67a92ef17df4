/** A homelab whose PostgreSQL is a Nomad job that somebody wrote by hand, with five services on it. */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { serverEntrypoint, serverVolumes } from "../../environments/lab";
import { buildMigrator } from "../../migrator/image/build";
import { Deployment, type LabService } from "../deployment";
import { bootServers } from "../ground";
import type { ServedProviders } from "../providers/serve";
import { buildSamples } from "../samples/build";
import type { BootedLab } from "../servers/boot";
import { programsDestination } from "../servers/host-folders";
import type { Lab } from "../servers/lab";
import { writeSecret } from "../servers/vault";
import { freePorts, waitFor } from "../servers/wait";
import { adopt } from "../story/adopting";
import { asAdmin } from "../story/context";
import { NomadApi } from "../story/nomad-api";

export interface Ground {
  readonly lab: Lab;
  readonly nomad: NomadApi;
  readonly deployment: Deployment;
  readonly services: readonly LabService[];
  readonly say: (line: string) => void;
}

export const serverJob = "postgresql";

/** Of the job that was written by hand. */
export const serverGroup = "postgres";

/** As the environment describes the job that takes over. */
export function takenOver(lab: Lab) {
  return {
    port: lab.postgres.port,
    group: serverGroup,
    existing: "taken-over",
    existingSecret: true,
  } as const;
}
const names = ["freshrss", "gitea", "nextcloud", "authelia", "grafana"] as const;
const dataPath = "/var/lib/postgresql/data";

export async function bootGround(directory: string, say: Ground["say"]): Promise<BootedLab> {
  return bootServers(directory, ["snapshots", ...Object.values(serverVolumes)], say, undefined, "job");
}

/** Registers the server's job by hand, puts five services on it by hand, and adopts those. */
export async function layGround(
  { lab }: BootedLab,
  providers: ServedProviders | undefined,
  say: Ground["say"],
): Promise<Ground> {
  if (lab.embedded === undefined)
    throw new Error("this needs PostgreSQL's client programs, which pip could not fetch here");
  await Promise.all([
    buildMigrator(path.join(lab.programs, "pgmoor-migrator.cjs")),
    buildSamples(lab.programs),
    fs.copyFile(
      path.join(__dirname, "../samples", serverEntrypoint),
      path.join(lab.programs, serverEntrypoint),
    ),
  ]);
  const nomad = new NomadApi(lab);
  const password = randomBytes(24).toString("base64url");
  await writeSecret(lab.vault, "postgres/admin", { username: "postgres", password });
  await nomad.register(byHand(lab, password));
  await waitFor({ what: "the server that was set up by hand answers", deadlineSeconds: 60 }, () =>
    asAdmin(lab, "postgres", () => Promise.resolve(true)),
  );
  const ports = await freePorts(names.length);
  const services = names.map((name): LabService => ({
    name,
    sample: name,
    port: ports.pop()!,
    volume: `${name}_data`,
    phase: "prepared",
    existing: ["job", "secret", "database"],
    environment: {},
  }));
  const deployment = new Deployment({ lab, services: [], reattach: providers?.reattach });
  await deployment.save();
  await adopt({ adopted: services, deployment, lab, nomad, say });
  return { lab, nomad, deployment, services, say };
}

/** As the homelab's: the image's own entrypoint, a static port, a host volume, no settings of pgmoor's. */
function byHand(lab: Lab, password: string): unknown {
  const mounts = [
    ...lab.programMounts.map(({ volume, destination }) => ({ volume, destination, readOnly: true })),
    { volume: serverVolumes.data, destination: dataPath, readOnly: false },
  ];
  const args = [
    `${programsDestination}/${serverEntrypoint}`,
    `${lab.embedded!.central}/bin`,
    "-c",
    `port=${lab.postgres.port}`,
  ];
  return {
    ID: serverJob,
    Name: serverJob,
    Type: "service",
    Datacenters: ["dc1"],
    TaskGroups: [
      {
        Name: serverGroup,
        Networks: [{ Mode: "host", ReservedPorts: [{ Label: "db", Value: lab.postgres.port }] }],
        Services: [
          {
            Name: "postgresql",
            PortLabel: "db",
            Provider: "consul",
            Checks: [{ Name: "port", Type: "tcp", Interval: 1e9, Timeout: 1e9 }],
          },
        ],
        Volumes: Object.fromEntries(
          mounts.map(({ volume, readOnly }) => [
            volume,
            { Name: volume, Type: "host", Source: volume, ReadOnly: readOnly },
          ]),
        ),
        Tasks: [
          {
            Name: "postgres",
            Driver: "exec",
            Config: {
              command: "/bin/sh",
              args: [...args, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
            },
            KillSignal: "SIGINT",
            Env: {
              PGDATA: `${dataPath}/pgdata`,
              POSTGRES_USER: "postgres",
              POSTGRES_PASSWORD: password,
              POSTGRES_INITDB_ARGS: "--encoding=UTF8 --locale=C --auth=scram-sha-256",
            },
            VolumeMounts: mounts.map(({ volume, destination, readOnly }) => ({
              Volume: volume,
              Destination: destination,
              ReadOnly: readOnly,
            })),
            Resources: { CPU: 300, MemoryMB: 512 },
          },
        ],
      },
    ],
  };
}
