import { Port } from "../nomad/port";
import { HostVolume } from "../nomad/volume";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { Duration } from "../nomad/duration";
import { Size } from "../nomad/size";
import { authelia } from "../services/authelia";
import {
  leastConfirmSeconds,
  type ExecProgram,
  type EmbeddedSource,
  type ServiceDefinition,
  type SqliteSource,
} from "../services/definition";
import { freshrss } from "../services/freshrss";
import { gitea } from "../services/gitea";
import { grafana } from "../services/grafana";
import { immich } from "../services/immich";
import type { JobDefinition } from "../services/job-definition";
import { nextcloud } from "../services/nextcloud";
import type { Backups, ServerJob } from "../services/server-job";
import { speedtestTracker } from "../services/speedtest-tracker";
import { rollbackKinds } from "../services/ledger";
import { vaultwarden } from "../services/vaultwarden";
import { phases, type Environment } from "./model/environment";
import { UserError } from "./model/problems";

/** The variable that names the lab's folder; the lab sets it. */
export const labVariable = "PGMOOR_LAB";

/** Whom the lab's Vault trusts to plan and to deploy: as a forge's jobs say of themselves. */
export const runner = {
  jwtAuth: "jwt-forge",
  userClaim: "repository",
  plan: { repository: "lab/homelab", event_name: "pull_request" },
  deploy: { repository: "lab/homelab", ref: "refs/heads/main" },
} as const;

/** What a running lab says of itself, in `environment.json` in its folder: everything that differs from lab to lab. */
const labFacts = z.strictObject({
  nomad: z.string(),
  vault: z.string(),
  consul: z.string(),
  /** Of servers that let in only who has a certificate of their authority's. @default they are open */
  closed: z
    .strictObject({
      region: z.string(),
      namespace: z.string(),
      caFile: z.string(),
      vaultNamespace: z.string().optional(),
    })
    .optional(),
  /** Where programs lie in the chroot of the exec driver. */
  mounts: z.array(z.strictObject({ volume: z.string(), path: z.string() })),
  /** Where the Terraform states are kept. Shared ones have a runner, too. */
  states: z.enum(["folder", "consul"]),
  /** Node's program and the folder of the bundles, in the chroot. */
  node: z.string(),
  programs: z.string(),
  /** For a service with a PostgreSQL of its own: folders, in the chroot, of its server and of the client programs. */
  embedded: z.strictObject({ server: z.string(), central: z.string(), clients: z.string() }).optional(),
  /** The central server, where it is a Nomad job of pgmoor's. */
  server: z
    .strictObject({
      port: z.number(),
      existing: z.enum(["watched", "taken-over"]).optional(),
      existingSecret: z.boolean().optional(),
      dataDirectory: z.string().optional(),
      group: z.string().optional(),
      settings: z.record(z.string(), z.string()).optional(),
      /** Seconds that its certificate is valid, and the file of its authority's. */
      tls: z.strictObject({ seconds: z.number(), caFile: z.string(), only: z.boolean() }).optional(),
      /** Whether services and Terraform encrypt. */
      encrypted: z.boolean().optional(),
      /** Extensions of its image, and whether that is the one with vectors. */
      vectors: z.boolean().optional(),
    })
    .optional(),
  /** Its backups: in an S3 server, or else in a volume. */
  backups: z
    .strictObject({
      s3: z.strictObject({ endpoint: z.string(), bucket: z.string() }).optional(),
      existingKey: z.boolean().optional(),
    })
    .optional(),
  /** What watches it, on this port. */
  monitoring: z.strictObject({ port: z.number() }).optional(),
  services: z.array(
    z.strictObject({
      name: z.string(),
      /** Which of the catalogue's services it is. */
      sample: z.enum([
        "vaultwarden",
        "speedtest-tracker",
        "immich",
        "freshrss",
        "gitea",
        "nextcloud",
        "authelia",
        "grafana",
      ]),
      port: z.number(),
      /** Of its own PostgreSQL. */
      sourcePort: z.number().optional(),
      /** Host volume of its data; those that are on the server already have none here. */
      volume: z.string(),
      phase: z.enum(phases),
      rollback: z.enum(rollbackKinds).optional(),
      existing: z.array(z.enum(["job", "secret", "database"])),
      passwordVersion: z.number().optional(),
      /** Name of its database. @default the service's */
      database: z.string().optional(),
      /** Its image cannot be had. @default false */
      imageMissing: z.boolean().optional(),
      /** Variables of this service alone. */
      environment: z.record(z.string(), z.string()),
    }),
  ),
  /** Services with jobs of their own, as `pgmoor adopt` found them. @default none */
  adopted: z
    .array(
      z.strictObject({
        definition: z.custom<JobDefinition>(),
        phase: z.enum(phases),
        rollback: z.enum(rollbackKinds).optional(),
        existing: z.array(z.enum(["job", "secret", "database"])),
      }),
    )
    .default([]),
});
export type LabFacts = z.infer<typeof labFacts>;
export const labFactsFile = "environment.json";

/** A lab is an environment of its own: another folder has other states. */
export function labName(folder: string): string {
  return `lab-${createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 8)}`;
}

/** The servers on loopback that `npm run lab` boots: the same constructs and stacks, small programs for the images. */
export default function lab(): Environment {
  const folder = labFolder();
  const facts = readFacts(join(folder, labFactsFile));
  const { exec, program, server } = programsOf(facts);
  // As an image that no registry has: nothing of it starts.
  const missing = (file: string, ...args: string[]) => exec("/opt/missing/node", file, ...args);
  return {
    name: labName(folder),
    nomad: {
      address: facts.nomad,
      datacenter: "dc1",
      namespace: facts.closed?.namespace ?? "default",
      region: facts.closed?.region,
      caFile: facts.closed?.caFile,
    },
    vault: {
      address: facts.vault,
      caFile: facts.closed?.caFile,
      namespace: facts.closed?.vaultNamespace,
      mount: "secret",
      jwtAuth: "jwt-nomad",
      audience: "vault.io",
    },
    // Its authority is in the person's variables.
    consul: { address: facts.consul },
    server: {
      service: "postgresql",
      // Nothing on loopback resolves Consul's names.
      lookup: { by: "consul-template", service: "postgresql" },
      adminSecret: "postgres/admin",
      ...(facts.server?.encrypted === true
        ? { sslmode: "verify-full" as const, caFile: facts.server.tls!.caFile }
        : { sslmode: "disable" as const }),
      maxConnections: 100,
      image: facts.server?.vectors === true ? "pgvector/pgvector:pg16" : "postgres:16",
      ...(facts.server === undefined ? {} : { job: serverJobOf(facts, facts.server) }),
    },
    ...(facts.backups === undefined ? {} : { backups: backupsOf(facts, facts.backups) }),
    ...(facts.monitoring === undefined ? {} : monitoringOf(facts, facts.monitoring)),
    domain: "lab.localhost",
    migrator: migratorOf(facts),
    states:
      facts.states === "consul"
        ? { in: "consul", path: "pgmoor/states" }
        : { in: "folder", folder: join(folder, "states") },
    runner: facts.states === "consul" ? runner : undefined,
    services: [
      ...facts.adopted.map(({ definition, ...service }) => ({
        ...service,
        definition: { ...definition, deadlines: common.deadlines },
      })),
      ...facts.services.map(
        ({
          sample,
          phase,
          rollback,
          existing,
          passwordVersion,
          database: name,
          imageMissing = false,
          ...service
        }) => {
          const definition = samples[sample]({
            ...service,
            program: imageMissing ? missing : program,
            server,
          });
          return {
            definition:
              name === undefined ? definition : { ...definition, database: { ...definition.database, name } },
            phase,
            rollback,
            existing,
            passwordVersion,
          };
        },
      ),
    ],
  };
}

/** Host volumes of the lab's server and its backups. */
export const serverVolumes = {
  data: "postgres_data",
  backups: "postgres_backups",
  repository: "postgres_repository",
} as const;

/** Folder of client programs that can encrypt, among the lab's programs: those of the Python wheel cannot. */
export const encryptingClients = "encrypting-clients";

/** The secret with the address of the webhook, which the lab has made. */
export const noticesSecret = "notices";

/** The name of postgres_exporter's program. */
export const exporterProgram = "postgres_exporter";

/** A script of the lab's stands for the image's entrypoint: it makes the data directory and starts the server. */
export const serverEntrypoint = "postgres-entrypoint.sh";

/** Whom its certificate is for: nothing on loopback resolves the name, and clients use the address. */
export const serverName = "postgresql.service.consul";

/** The role of Vault's PKI engine that issues its certificate. */
export const certificateRole = "postgresql";

/** PostgreSQL runs as nobody in the lab. */
const nobody = 65534;

function serverJobOf(
  facts: LabFacts,
  { port, tls, encrypted: _encrypted, vectors, ...server }: NonNullable<LabFacts["server"]>,
): ServerJob {
  const { exec } = programsOf(facts);
  return {
    port: Port.onHost(port),
    volume: HostVolume.named(serverVolumes.data).at("/var/lib/postgresql/data"),
    node: "lab",
    resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
    program: exec(
      "/bin/sh",
      join(facts.programs, serverEntrypoint),
      join(vectors === true ? facts.embedded!.clients : facts.embedded!.central, "bin"),
    ),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            role: certificateRole,
            names: [serverName],
            ttl: Duration.seconds(tls.seconds),
            user: nobody,
            only: tls.only,
          },
        }),
    binaries: join(facts.embedded!.clients, "bin"),
    ...server,
    settings: {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      // The wheel has pgvector and no other extension: pg_stat_statements is the other one's, which has the same version.
      ...(vectors === true
        ? { dynamic_library_path: `$libdir:${join(facts.embedded!.central, "lib/postgresql")}` }
        : {}),
      ...server.settings,
    },
  };
}

function backupsOf(facts: LabFacts, { s3, ...others }: NonNullable<LabFacts["backups"]>): Backups {
  const { exec, program } = programsOf(facts);
  const migrator = program("pgmoor-migrator.cjs");
  const folders = [
    ...(facts.server?.encrypted === true ? [join(facts.programs, encryptingClients)] : []),
    join(facts.embedded!.clients, "bin"),
    facts.programs,
    "/usr/bin",
    "/bin",
  ];
  return {
    ...others,
    repository:
      s3 === undefined
        ? { in: "volume", volume: serverVolumes.repository }
        : { in: "s3", ...s3, secret: "s3" },
    volume: serverVolumes.backups,
    program: exec("/usr/bin/env", `PATH=${folders.join(":")}`, ...migrator.command),
    // The lab runs them when it wants to.
    schedule: "0 0 1 1 *",
    testSchedule: "0 0 1 1 *",
    walSeconds: 2,
    resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
  };
}

/** Its program lies beside the bundles. Old passwords are warned of as well, and failures told. */
function monitoringOf(facts: LabFacts, { port }: NonNullable<LabFacts["monitoring"]>) {
  const { exec } = programsOf(facts);
  return {
    monitoring: {
      exporter: exec(join(facts.programs, exporterProgram)),
      port: Port.onHost(port),
    },
    passwordMaxAgeDays: 365,
    notices: { format: "ntfy", secret: noticesSecret } as const,
    logFormat: "json" as const,
  };
}

/** The migrator of the running lab, for an environment of your own (`docs/first-move.md`). */
export function labMigrator(): Environment["migrator"] {
  return migratorOf(readFacts(join(labFolder(), labFactsFile)));
}

/** The lab's Vaultwarden, a small program that stands for the image, for an environment of your own. */
export function labVaultwarden(
  service: Pick<LabFacts["services"][number], "name" | "port" | "volume">,
): ServiceDefinition {
  const programs = programsOf(readFacts(join(labFolder(), labFactsFile)));
  return samples.vaultwarden({ ...service, ...programs, environment: {} });
}

function labFolder(): string {
  const folder = process.env[labVariable];
  if (folder === undefined)
    throw new UserError(
      `${labVariable} is not set. It names the folder of a running lab. Start one (npm run lab -- up), and run the command in it (npm run lab -- exec COMMAND).`,
    );
  return folder;
}

/** How the lab starts its programs, and the PostgreSQL beside a service. */
function programsOf({ mounts, node, programs, embedded }: LabFacts) {
  const exec = (...command: ExecProgram["command"]): ExecProgram => ({
    driver: "exec",
    command,
    mounts: mounts.map(({ volume, path }) => HostVolume.named(volume).at(path)),
  });
  return {
    exec,
    program: (file: string, ...args: string[]) => exec(node, join(programs, file), ...args),
    server: embedded && exec(join(embedded.server, "bin/postgres")),
  };
}

function migratorOf(facts: LabFacts): Environment["migrator"] {
  const { exec, program } = programsOf(facts);
  const migrator = program("pgmoor-migrator.cjs");
  const { embedded } = facts;
  return {
    // As its image has them: the client programs on PATH.
    program:
      embedded === undefined
        ? migrator
        : exec("/usr/bin/env", `PATH=${join(embedded.clients, "bin")}:/usr/bin:/bin`, ...migrator.command),
    snapshots: "snapshots",
  };
}

function readFacts(file: string): LabFacts {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UserError(
      `No lab runs in the folder that ${labVariable} names: ${file} cannot be read (npm run lab -- up).`,
    );
  }
  return labFacts.parse(JSON.parse(text));
}

interface SampleProps {
  readonly name: string;
  readonly port: number;
  readonly volume: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of its own PostgreSQL, and what that runs. */
  readonly sourcePort?: number | undefined;
  readonly server: ExecProgram | undefined;
  readonly program: (file: string, ...args: string[]) => ExecProgram;
}

/** The catalogue's Immich, which stands for every service with a PostgreSQL of its own. */
export const catalogueImmich = immich({ release: "v2.2.3", vector: "pgvector" });

/** Where an embedded server's data is in its volume. */
export const embeddedDataFolder = "data";

/** An embedded server is on loopback alone, and has no socket where several servers would have theirs. */
export const embeddedSettings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];

/** Both cores also run the servers: little is enough, and the deadlines are a fraction of the real ones. */
const common = {
  resources: { cpuMegahertz: 50, memory: Size.mebibytes(256) },
  database: { connectionLimit: 8 },
  deadlines: {
    migrate: Duration.minutes(1),
    confirm: Duration.seconds(leastConfirmSeconds),
    healthy: Duration.minutes(1),
  },
} as const;

/** Those of the catalogue that are on the server already. */
export const adoptable = { freshrss, gitea, nextcloud, authelia, grafana } as const;
export type AdoptableName = keyof typeof adoptable;

/** What the program that stands for any image is told (`lab/samples/any`). */
export function anyEnvironment({ dsn, health }: ServiceDefinition, port: number): Record<string, string> {
  return {
    PGMOOR_LAB_DSN: JSON.stringify(dsn),
    PGMOOR_LAB_HEALTH: health.path,
    PGMOOR_LAB_PORT: String(port),
  };
}

/** One program of ours stands for all of their images. */
function onServer(definition: ServiceDefinition): (props: SampleProps) => ServiceDefinition {
  return ({ name, port, environment, program }) => ({
    ...definition,
    ...common,
    database: { ...common.database, restoreQuery: "SELECT count(*) >= 0 FROM notes" },
    name,
    program: program("any.cjs"),
    port: Port.onHost(port),
    volumes: [],
    health: definition.health.every(Duration.seconds(1)),
    environment: { ...anyEnvironment(definition, port), ...environment },
  });
}

/** The catalogue's definitions with our sample programs in place of the images. */
const samples: Record<LabFacts["services"][number]["sample"], (props: SampleProps) => ServiceDefinition> = {
  freshrss: onServer(freshrss),
  gitea: onServer(gitea),
  nextcloud: onServer(nextcloud),
  authelia: onServer(authelia),
  grafana: onServer(grafana),
  vaultwarden: ({ name, port, volume, environment, program }) => ({
    ...vaultwarden,
    ...common,
    name,
    program: program("vaultwarden.cjs"),
    port: Port.onHost(port),
    // The sample program keeps nothing else there.
    volumes: [HostVolume.named(volume).at("/data").sourceOnly()],
    health: vaultwarden.health.every(Duration.seconds(1)),
    environment: {
      ...vaultwarden.environment,
      ROCKET_ADDRESS: "127.0.0.1",
      ROCKET_PORT: String(port),
      ...environment,
    },
    source: sqliteSource(vaultwarden, program("vaultwarden.cjs").command),
  }),
  "speedtest-tracker": ({ name, port, volume, environment, program }) => ({
    ...speedtestTracker,
    ...common,
    name,
    program: program("speedtest-tracker.cjs"),
    port: Port.onHost(port),
    volumes: [HostVolume.named(volume).at("/config")],
    health: speedtestTracker.health.every(Duration.seconds(1)),
    environment: { PORT: String(port), ...environment },
    source: sqliteSource(speedtestTracker, program("speedtest-tracker.cjs", "migrate").command),
  }),
  immich: ({ name, port, sourcePort, volume, environment, program, server }) => {
    const { database, source, health, ...definition } = catalogueImmich;
    if (server === undefined || sourcePort === undefined)
      throw new TypeError(`${name} has no programs or no port for a PostgreSQL of its own`);
    return {
      ...definition,
      ...common,
      name,
      program: program("immich.cjs"),
      port: Port.onHost(port),
      volumes: [],
      secrets: [],
      health: health.every(Duration.seconds(1)),
      environment: { ...definition.environment, IMMICH_PORT: String(port), ...environment },
      // The embedded server here has no vectors.
      database: {
        ...common.database,
        extensions: (database.extensions ?? []).filter((extension) => extension !== "vector"),
      },
      source: embeddedSource(source as EmbeddedSource, server, volume, String(sourcePort)),
    };
  },
};

/** The catalogue's source, with a server of this machine. */
function embeddedSource(
  source: EmbeddedSource,
  program: ExecProgram,
  volumeName: string,
  port: string,
): EmbeddedSource {
  const { path } = source.volume;
  const command: ExecProgram["command"] = [...program.command, ...embeddedSettings];
  return {
    ...source,
    program: { ...program, command },
    command,
    volume: HostVolume.named(volumeName).at(path),
    serverEnvironment: { PGDATA: join(path, embeddedDataFolder), PGPORT: port },
    environment: { ...source.environment, DB_PORT: port },
  };
}

/** The catalogue's source, with a schema built by our program. */
function sqliteSource({ name, source }: ServiceDefinition, command: ExecProgram["command"]): SqliteSource {
  if (source?.kind !== "sqlite") throw new TypeError(`${name} has no SQLite source`);
  return { ...source, schema: { ...source.schema, command } };
}
