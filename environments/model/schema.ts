/** The shape of an environment, checked when it is loaded: nothing else checks types then. */
import { isIP } from "node:net";
import { z } from "zod";
import { HealthCheck } from "../../nomad/check";
import { sslModes } from "../../nomad/dsn";
import { Duration } from "../../nomad/duration";
import { Port } from "../../nomad/port";
import { Size } from "../../nomad/size";
import { csiAccessModes, HostVolume } from "../../nomad/volume";
import type { JobChange, ServiceDefinition } from "../../services/definition";
import type { Definition } from "../../services/job-definition";
import { migrationTablesSchema, rulesSchema } from "../../services/rules";
import { logFormats, noticeFormats } from "../../services/notices";
import { rollbackKinds } from "../../services/ledger";
import { phases, type Environment } from "./environment";

/** A string of a pattern. `what` and `allowed` make the message. */
function pattern(regex: RegExp, what: string, allowed: string) {
  return z.string().regex(regex, {
    error: (issue) => `${JSON.stringify(issue.input)} is not ${what}. Allowed: ${allowed}.`,
  });
}

/** A value type of Nomad's: what only its factories make, with their arguments in range. */
function madeBy<T extends object>(
  type: { prototype: T; name: string },
  factories: string,
  parts: z.ZodObject,
) {
  return z
    .custom<T>((value) => value instanceof (type as unknown as new () => T), {
      error: `not a ${type.name}. Allowed: ${factories}.`,
      abort: true,
    })
    .superRefine((value, context) => {
      for (const { path, message } of parts.safeParse(value).error?.issues ?? [])
        context.addIssue({ code: "custom", path, message });
    });
}

/** Job, service and stack carry it, and the host name `NAME.domain`, hence DNS's rules. */
const serviceName = pattern(
  /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "a name for a Nomad job",
  "lower-case letters, digits and hyphens; begins with a letter, does not end with a hyphen, at most 63",
);

const reserved = new Set(["postgres", "template0", "template1", "public", "none"]);

/** PostgreSQL cuts identifiers at 63 bytes. Lower case, so that nobody has to quote it. */
const identifier = pattern(
  /^[a-z_][a-z0-9_]{0,62}$/,
  "a PostgreSQL identifier",
  "lower-case letters, digits and underscores; does not begin with a digit, at most 63",
)
  .refine((name) => !reserved.has(name), {
    error: (issue) => `${JSON.stringify(issue.input)} is reserved by PostgreSQL. Allowed: any other name.`,
  })
  .refine((name) => !name.startsWith("pg_"), {
    error: (issue) => `${JSON.stringify(issue.input)} begins with "pg_", which PostgreSQL reserves.`,
  });

const extension = pattern(
  /^[a-z_][a-z0-9_-]{0,62}$/,
  "an extension's name",
  "lower-case letters, digits, hyphens and underscores",
);

const variable = pattern(
  /^[A-Za-z_][A-Za-z0-9_.]*$/,
  "a variable's name",
  "letters, digits, underscores and dots; does not begin with a digit",
);
const variables = z.record(variable, noControl("a variable's value"));

function noControl(what: string) {
  return z.string().refine((value) => value.isWellFormed() && !/[\0-\x1f]/.test(value), {
    error: () => `${what} must not hold control characters or a lone surrogate.`,
  });
}

const absolutePath = pattern(
  /^\/(?!.*(^|\/)\.\.(\/|$))[^\0-\x1f{}]*[^\0-\x1f{}/]$/,
  "an absolute path",
  "begins with a slash, does not end with one, no `..`, no braces",
);
const volumeName = pattern(
  /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$/,
  "a host volume's name",
  "letters, digits, hyphens and underscores",
);
const healthPath = pattern(
  /^\/[^\s{}"\\]*$/,
  "a path for an HTTP check",
  "begins with a slash, no spaces, quotes or braces",
);
const secretPath = pattern(
  /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/,
  "a path of a Vault secret",
  "letters, digits, hyphens and underscores between slashes, without the mount",
);
const mount = secretPath;
const field = pattern(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "a field of a secret",
  "letters, digits and underscores; does not begin with a digit",
);
const port = z.custom<number>(
  (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535,
  { error: (issue) => `${JSON.stringify(issue.input)} is not a port. Allowed: 1 to 65535.` },
);
const hostName =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const host = z
  .string()
  .refine((value) => isIP(value) !== 0 || (hostName.test(value) && !/^[0-9.]+$/.test(value)), {
    error: (issue) =>
      `${JSON.stringify(issue.input)} is not a host. Allowed: a DNS name or an address, without scheme, port and brackets.`,
  });
const dnsName = z.string().regex(hostName, {
  error: (issue) => `${JSON.stringify(issue.input)} is not a DNS name.`,
});
const url = z.url({
  protocol: /^https?$/,
  error: (issue) =>
    `${JSON.stringify(issue.input)} is not an address of an API. Allowed: http://HOST:PORT or https://HOST:PORT.`,
});
const label = pattern(
  /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  "a name",
  "letters, digits, dots, hyphens and underscores",
);
const image = pattern(
  /^[a-z0-9]+([._/:-][a-zA-Z0-9]+)*:[\w][\w.-]{0,127}(@sha256:[0-9a-f]{64})?$/,
  "an image with a tag",
  "REPOSITORY:TAG, so that a restart runs what was tested",
);
const notAmount = (issue: { input?: unknown; path?: PropertyKey[] }) =>
  `${JSON.stringify(issue.input)} is not an amount. Allowed: a number above zero; for mebibytes, a whole number.`;
const duration = madeBy(
  Duration,
  "Duration.seconds(n), .minutes(n), .hours(n)",
  z.object({ seconds: z.number({ error: notAmount }).nonnegative({ error: notAmount }) }),
);
const size = madeBy(
  Size,
  "Size.mebibytes(n), Size.gibibytes(n)",
  z.object({
    mebibytes: z.number({ error: notAmount }).int({ error: notAmount }).positive({ error: notAmount }),
  }),
);
const healthCheck = madeBy(
  HealthCheck,
  "HealthCheck.http(PATH)",
  z.object({ path: healthPath, interval: duration }),
);
const servicePort = madeBy(
  Port,
  "Port.onHost(n), Port.onHost(n).to(m)",
  z.object({ host: port, container: port.optional() }),
);
const volume = madeBy(
  HostVolume,
  "HostVolume.named(NAME).at(PATH)",
  z.object({ source: volumeName, path: absolutePath }),
);
const positive = z.number().int().positive();
const command = z.tuple([noControl("a command").min(1)], noControl("an argument")).readonly();

const user = pattern(
  /^([a-z_][a-z0-9_-]{0,31}|\d{1,10})(:([a-z_][a-z0-9_-]{0,31}|\d{1,10}))?$/,
  "a user of a task",
  "NAME, UID or UID:GID",
);

const dockerProgram = z.strictObject({
  driver: z.literal("docker"),
  image,
  network: z.enum(["host", "bridge"]),
  args: z.array(noControl("an argument")).readonly().optional(),
  user: user.optional(),
});

const execProgram = z.strictObject({
  driver: z.literal("exec"),
  command,
  mounts: z.array(volume).readonly(),
  user: user.optional(),
});

const program = z.discriminatedUnion("driver", [dockerProgram, execProgram]);

/** One name, or several. */
const variableNames = z.union([variable, z.array(variable).min(1).readonly()]);

const dsn = z.discriminatedUnion("style", [
  z.strictObject({
    style: z.literal("url"),
    variable,
    scheme: z.enum(["postgresql", "postgres"]).optional(),
    parameters: z.record(label, noControl("a parameter")).optional(),
    fixed: variables.optional(),
  }),
  z.strictObject({
    style: z.literal("variables"),
    server: z.union([
      z.strictObject({ host: variableNames, port: variableNames }),
      z.strictObject({ address: variableNames, prefix: z.enum(["tcp://"]).optional() }),
    ]),
    database: variableNames,
    username: variableNames,
    password: variableNames,
    fixed: variables.optional(),
    tls: z.partialRecord(z.enum(sslModes), variables).optional(),
  }),
]);

const tables = z.array(noControl("a table's name").min(1)).readonly();
const resources = z.strictObject({ cpuMegahertz: positive, memory: size });

/** Of an embedded server: whatever its people chose. */
const embeddedName = noControl("a name in an embedded server").min(1);

const sqliteSource = z.strictObject({
  kind: z.literal("sqlite"),
  file: absolutePath,
  environment: variables,
  schema: z.strictObject({ kind: z.enum(["command", "app"]), command, environment: variables.optional() }),
  migrationTables: migrationTablesSchema,
  rules: rulesSchema.optional(),
  verify: z.enum(["sample", "full"]).optional(),
});
const embeddedPassword = z.strictObject({ secret: secretPath, field, app: variable, server: variable });

const source = z.discriminatedUnion("kind", [
  sqliteSource,
  z.strictObject({
    kind: z.literal("postgres"),
    program,
    command,
    volume,
    user: embeddedName,
    database: embeddedName,
    serverEnvironment: variables.optional(),
    environment: variables,
    password: embeddedPassword,
    migrationTables: tables,
  }),
]);

/** What every definition says. */
const anyDefinition = {
  name: serviceName,
  database: z.strictObject({
    name: identifier.optional(),
    connectionLimit: positive,
    extensions: z.array(extension).readonly().optional(),
    restoreQuery: z.string().min(1).optional(),
  }),
  dsn,
  readsDsnOnce: z.string().min(1).optional(),
  cannotMove: z.string().min(1).optional(),
  monitor: z.boolean().optional(),
  deadlines: z
    .strictObject({
      migrate: duration.optional(),
      confirm: duration.optional(),
      healthy: duration.optional(),
    })
    .optional(),
  job: z
    .custom<JobChange>((value) => typeof value === "function", "not a function from a job to a job.")
    .optional(),
};

const serviceDefinition = z.strictObject({
  ...anyDefinition,
  program,
  port: servicePort,
  environment: variables.optional(),
  secrets: z
    .array(z.strictObject({ variable, secret: secretPath, field }))
    .readonly()
    .optional(),
  volumes: z.array(volume).readonly().optional(),
  health: healthCheck,
  resources,
  companions: z
    .array(z.strictObject({ name: serviceName, program, environment: variables.optional(), resources }))
    .readonly()
    .optional(),
  middlewares: z
    .array(pattern(/^[A-Za-z0-9_-]+(@[a-z]+)?$/, "a middleware", "NAME or NAME@PROVIDER"))
    .readonly()
    .optional(),
  tags: z.array(noControl("a tag").min(1)).readonly().optional(),
  source: source.optional(),
}) satisfies z.ZodType<ServiceDefinition>;

const taskName = z.string().min(1);

/** The parts of a job that pgmoor reads. Nomad itself validates the rest. */
const jobspec = z.looseObject({
  ID: z.string().min(1),
  TaskGroups: z
    .array(
      z.looseObject({
        Name: z.string().min(1),
        Tasks: z.array(z.looseObject({ Name: taskName, Driver: z.string().min(1) })).min(1),
      }),
    )
    .min(1),
});

const jobDefinition = z.strictObject({
  ...anyDefinition,
  jobspec,
  tasks: z.array(taskName).min(1).readonly(),
  health: z.strictObject({ port: z.string().min(1), path: healthPath }),
  reads: z
    .array(pattern(/^[^\s"{}]+$/, "a path of Vault's API", "no spaces, quotes or braces"))
    .readonly()
    .optional(),
  source: z
    .discriminatedUnion("kind", [
      sqliteSource,
      z.strictObject({
        kind: z.literal("postgres"),
        task: taskName,
        data: absolutePath,
        command,
        user: embeddedName,
        database: embeddedName,
        environment: variables,
        password: embeddedPassword,
        migrationTables: tables,
      }),
    ])
    .optional(),
});

/** Which of the two it is decides what is wrong with it. */
const definition = z.custom<Definition>().superRefine((value, context) => {
  const shape =
    typeof value === "object" && value !== null && "jobspec" in value ? jobDefinition : serviceDefinition;
  for (const { path, message } of shape.safeParse(value).error?.issues ?? [])
    context.addIssue({ code: "custom", path: [...path], message });
});

const setting = pattern(
  /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/,
  "a setting of PostgreSQL",
  "its name as in postgresql.conf",
);

const serverJob = z.strictObject({
  name: serviceName.optional(),
  group: label.optional(),
  port: servicePort,
  volume,
  dataDirectory: absolutePath.optional(),
  node: label,
  resources,
  settings: z.record(setting, noControl("a setting's value")).optional(),
  hba: z.array(noControl("a line of pg_hba.conf")).readonly().optional(),
  tls: z
    .strictObject({
      mount: secretPath.optional(),
      role: label,
      names: z.tuple([dnsName], dnsName).readonly(),
      ttl: duration.optional(),
      user: z.number().int().nonnegative().optional(),
      only: z.boolean().optional(),
    })
    .optional(),
  program: execProgram.optional(),
  binaries: absolutePath.optional(),
  existing: z.enum(["watched", "taken-over"]).optional(),
  existingSecret: z.boolean().optional(),
});

const cron = pattern(
  /^([0-9*,/-]+)( [0-9A-Za-z*,/-]+){4}$/,
  "a schedule",
  "five fields between spaces: minute, hour, day of the month, month, day of the week",
);

const backups = z.strictObject({
  repository: z.discriminatedUnion("in", [
    z.strictObject({ in: z.literal("volume"), volume: volumeName }),
    z.strictObject({
      in: z.literal("s3"),
      endpoint: url,
      bucket: label,
      path: secretPath.optional(),
      secret: secretPath,
    }),
  ]),
  volume: volumeName,
  node: label.optional(),
  program: program.optional(),
  schedule: cron.optional(),
  testSchedule: cron.optional(),
  timeZone: pattern(
    /^[A-Za-z]+([A-Za-z0-9_+-]*\/?)*$/,
    "a time zone",
    "UTC, or a name such as Europe/Berlin",
  ).optional(),
  keep: z
    .strictObject({
      daily: positive.optional(),
      weekly: z.number().int().nonnegative().optional(),
      monthly: z.number().int().nonnegative().optional(),
      pointInTimeDays: positive.optional(),
    })
    .optional(),
  walSeconds: positive.optional(),
  keySecret: secretPath.optional(),
  existingKey: z.boolean().optional(),
  resources: resources.optional(),
});

const monitoring = z.strictObject({
  exporter: program.optional(),
  port: servicePort.optional(),
  diskVolume: volumeName.optional(),
  node: label.optional(),
  runbooks: z.union([url, z.string().regex(/^[A-Za-z0-9._/-]+$/)]).optional(),
});

/** None would let in every job of the forge. */
const claims = z.record(label, noControl("a claim").min(1)).refine((all) => Object.keys(all).length > 0, {
  error: "no claim is bound, so every job of the forge could log in. Bind at least one claim.",
});

const fileName = z.string().min(1);
const vaultNamespace = pattern(
  /^[^\s/]+(\/[^\s/]+)*$/,
  "a namespace of Vault",
  "names between slashes, without a slash at either end",
);

export const environmentSchema = z.strictObject({
  name: label,
  nomad: z.strictObject({
    address: url,
    datacenter: label,
    namespace: label,
    region: label.optional(),
    caFile: fileName.optional(),
  }),
  vault: z.strictObject({
    address: url,
    caFile: fileName.optional(),
    namespace: vaultNamespace.optional(),
    mount,
    jwtAuth: mount,
    audience: noControl("an audience").min(1),
  }),
  consul: z.strictObject({ address: url, caFile: fileName.optional() }),
  server: z.strictObject({
    service: label,
    lookup: z.discriminatedUnion("by", [
      z.strictObject({ by: z.literal("dns"), host, port }),
      z.strictObject({ by: z.literal("consul-template"), service: label }),
    ]),
    address: z.strictObject({ host, port }).optional(),
    adminSecret: secretPath,
    sslmode: z.enum(sslModes),
    caFile: fileName.optional(),
    maxConnections: positive,
    image,
    extensions: z.array(extension).readonly().optional(),
    preload: z.array(label).readonly().optional(),
    job: serverJob.optional(),
  }),
  backups: backups.optional(),
  monitoring: monitoring.optional(),
  notices: z.strictObject({ format: z.enum(noticeFormats), secret: secretPath }).optional(),
  logFormat: z.enum(logFormats).optional(),
  passwordMaxAgeDays: positive.optional(),
  domain: pattern(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    "a domain",
    "lower-case DNS labels between dots",
  ),
  proxy: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("traefik"),
        entryPoint: label.optional(),
        certResolver: label.optional(),
      }),
      z.strictObject({ kind: z.enum(["fabio", "caddy", "host-tag", "none"]) }),
    ])
    .optional(),
  migrator: z.strictObject({
    program,
    snapshots: z.union([
      volumeName,
      z.strictObject({ csi: volumeName, accessMode: z.enum(csiAccessModes).optional() }),
    ]),
    registry: z
      .strictObject({
        secret: secretPath,
        fields: z.strictObject({ username: field, password: field }).optional(),
      })
      .optional(),
  }),
  states: z
    .discriminatedUnion("in", [
      z.strictObject({ in: z.literal("folder"), folder: z.string().min(1) }),
      z.strictObject({ in: z.literal("consul"), path: secretPath }),
    ])
    .optional(),
  runner: z.strictObject({ jwtAuth: mount, userClaim: label, plan: claims, deploy: claims }).optional(),
  services: z
    .array(
      z.strictObject({
        definition,
        phase: z.enum(phases, {
          error: (issue) => `${JSON.stringify(issue.input)} is not a phase. Allowed: ${phases.join(", ")}.`,
        }),
        rollback: z
          .enum(rollbackKinds, {
            error: (issue) =>
              `${JSON.stringify(issue.input)} is no rollback. Allowed: ${rollbackKinds.join(", ")}.`,
          })
          .optional(),
        existing: z
          .array(z.enum(["job", "secret", "database"]))
          .readonly()
          .optional(),
        passwordVersion: positive.optional(),
        sslmode: z.enum(sslModes).optional(),
        cutoverNeeds: z.enum(["backup-of-today"]).optional(),
      }),
    )
    .readonly(),
}) satisfies z.ZodType<Environment>;
