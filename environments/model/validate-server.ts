/** What types cannot say of the central server's job and its backups. */
import type { SslMode } from "../../nomad/dsn";
import { databaseName } from "../../services/definition";
import { monitoringJob, monitoringRole } from "../../services/monitoring";
import {
  backupJobs,
  defaultKept,
  serverDataDirectory,
  serverJobName,
  type ServerJob,
} from "../../services/server-job";
import type { Environment } from "./environment";
import type { Problem } from "./problems";

export function serverProblems(environment: Environment): Problem[] {
  return [
    ...jobProblems(environment),
    ...backupProblems(environment),
    ...monitoringProblems(environment),
    ...nameProblems(environment),
  ];
}

/** Settings that other fields decide, or that would take the server away from its services. */
const decided: Readonly<Record<string, string>> = {
  max_connections: "server.maxConnections",
  port: "server.job.port",
  shared_preload_libraries: "server.preload",
  hba_file: "server.job.hba",
  data_directory: "server.job.dataDirectory",
};

const byTls = {
  ssl: "server.job.tls",
  ssl_cert_file: "server.job.tls",
  ssl_key_file: "server.job.tls",
} as const;

function jobProblems({ server, services }: Environment): Problem[] {
  const { job } = server;
  if (job === undefined) return [];
  const problems: Problem[] = [];
  const data = serverDataDirectory(job);
  if (!job.volume.holds(data))
    problems.push({
      path: "server.job.dataDirectory",
      message: `${data} is not below the volume, ${job.volume.path}: the data would be lost with the task. Allowed: a folder below it.`,
    });
  const all: Readonly<Record<string, string>> = job.tls === undefined ? decided : { ...decided, ...byTls };
  for (const name of Object.keys(job.settings ?? {}))
    if (Object.hasOwn(all, name))
      problems.push({
        path: `server.job.settings.${name}`,
        message: `${name} is set by ${all[name]}. Remove it here.`,
      });
  if (job.existing !== undefined && job.existingSecret !== true && job.existing === "taken-over")
    problems.push({
      path: "server.job.existingSecret",
      message: `a running server has an admin with a password. Write both to Vault (server.adminSecret), and set existingSecret: true.`,
    });
  return [...problems, ...tlsProblems(job, server.sslmode, services)];
}

/** A server without a certificate takes no encrypted connection; one that is `only` for those takes no other. */
function tlsProblems(
  { tls, existing, settings }: ServerJob,
  sslmode: SslMode,
  services: Environment["services"],
): Problem[] {
  if (tls === undefined) {
    if (sslmode === "disable" || existing === "watched" || settings?.ssl === "on") return [];
    return [
      {
        path: "server.job.tls",
        message: `server.sslmode is "${sslmode}", and the server has no certificate. Add tls, and deploy the server before the services.`,
      },
    ];
  }
  if (tls.only !== true) return [];
  const plain = services.filter((service) => (service.sslmode ?? sslmode) === "disable");
  return [
    ...(sslmode === "disable"
      ? [
          {
            path: "server.job.tls.only",
            message: `server.sslmode is "disable": Terraform, the migrator and the backups could not connect. Set another mode first.`,
          },
        ]
      : []),
    ...plain.map(({ definition: { name } }) => ({
      path: "server.job.tls.only",
      message: `${name} does not encrypt its connection, and could not connect. Set its sslmode first.`,
    })),
  ];
}

function backupProblems({ backups, services }: Environment): Problem[] {
  if (backups === undefined)
    return services.flatMap(({ cutoverNeeds }, index) =>
      cutoverNeeds === undefined
        ? []
        : [
            {
              path: `services[${index}].cutoverNeeds`,
              message: "the environment has no backups. Add them, or remove this.",
            },
          ],
    );
  const { daily, pointInTimeDays } = { ...defaultKept, ...backups.keep };
  if (pointInTimeDays <= daily) return [];
  return [
    {
      path: "backups.keep.pointInTimeDays",
      message: `${pointInTimeDays} days back need a backup of each of them, and only ${daily} daily ones are kept. Allowed: ${daily} or less, or a larger keep.daily.`,
    },
  ];
}

/** The role and the database of the monitoring, which no service may have. */
function monitoringProblems({ monitoring, services }: Environment): Problem[] {
  if (monitoring === undefined) return [];
  const { exporter } = monitoring;
  const bridged = exporter?.driver === "docker" && exporter.network === "bridge";
  return [
    ...(bridged
      ? [
          {
            path: "monitoring.exporter.network",
            message: `"bridge" hides the port that Prometheus asks. Allowed: host.`,
          },
        ]
      : []),
    ...services.flatMap(({ definition }, index) =>
      databaseName(definition) === monitoringRole
        ? [
            {
              path: `services[${index}].definition.database.name`,
              message: `"${monitoringRole}" is the database of the monitoring. Use another name.`,
            },
          ]
        : [],
    ),
  ];
}

/** Jobs of pgmoor's own, which no service may be called. */
function nameProblems({ server, backups, monitoring, services }: Environment): Problem[] {
  const taken = new Set<string>([
    ...(server.job === undefined ? [] : [serverJobName(server.job)]),
    ...(backups === undefined ? [] : Object.values(backupJobs)),
    ...(monitoring === undefined ? [] : [monitoringJob]),
  ]);
  return services.flatMap(({ definition }, index) =>
    taken.has(definition.name)
      ? [
          {
            path: `services[${index}].definition.name`,
            message: `"${definition.name}" is the name of a job of pgmoor's own. Use another name.`,
          },
        ]
      : [],
  );
}
