/** What types cannot say of the central server's job and its backups. */
import { backupJobs, defaultKept, serverDataDirectory, serverJobName } from "../../services/server-job";
import type { Environment } from "./environment";
import type { Problem } from "./problems";

export function serverProblems(environment: Environment): Problem[] {
  return [...jobProblems(environment), ...backupProblems(environment), ...nameProblems(environment)];
}

/** Settings that other fields decide, or that would take the server away from its services. */
const decided: Readonly<Record<string, string>> = {
  max_connections: "server.maxConnections",
  port: "server.job.port",
  shared_preload_libraries: "server.preload",
  hba_file: "server.job.hba",
  data_directory: "server.job.dataDirectory",
};

function jobProblems({ server: { job } }: Environment): Problem[] {
  if (job === undefined) return [];
  const problems: Problem[] = [];
  const data = serverDataDirectory(job);
  if (!job.volume.holds(data))
    problems.push({
      path: "server.job.dataDirectory",
      message: `${data} is not below the volume, ${job.volume.path}: the data would be lost with the task. Allowed: a folder below it.`,
    });
  for (const name of Object.keys(job.settings ?? {}))
    if (Object.hasOwn(decided, name))
      problems.push({
        path: `server.job.settings.${name}`,
        message: `${name} is set by ${decided[name]}. Remove it here.`,
      });
  if (job.existing !== undefined && job.existingSecret !== true && job.existing === "taken-over")
    problems.push({
      path: "server.job.existingSecret",
      message: `a running server has an admin with a password. Write both to Vault (server.adminSecret), and set existingSecret: true.`,
    });
  return problems;
}

function backupProblems({ backups }: Environment): Problem[] {
  const { daily, pointInTimeDays } = { ...defaultKept, ...backups?.keep };
  if (pointInTimeDays <= daily) return [];
  return [
    {
      path: "backups.keep.pointInTimeDays",
      message: `${pointInTimeDays} days back need a backup of each of them, and only ${daily} daily ones are kept. Allowed: ${daily} or less, or a larger keep.daily.`,
    },
  ];
}

/** Jobs of pgmoor's own, which no service may be called. */
function nameProblems({ server, backups, services }: Environment): Problem[] {
  const taken = new Set<string>([
    ...(server.job === undefined ? [] : [serverJobName(server.job)]),
    ...(backups === undefined ? [] : Object.values(backupJobs)),
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
