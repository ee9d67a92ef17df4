/** The Nomad job that watches: postgres_exporter, and beside it the task that finds pgmoor's own facts. Pure functions. */
import { caFile, dsnFile, libpq, type Connection, type Dsn } from "../../nomad/dsn";
import { Duration } from "../../nomad/duration";
import type { Job, Task } from "../../nomad/job";
import { phaseMeta } from "../../nomad/phase";
import { file, fixedText, json } from "../../nomad/template";
import { versionMeta, versionOf } from "../../nomad/version";
import { HostVolume, volumeRequests } from "../../nomad/volume";
import {
  databaseName,
  databaseSecretName,
  workloadIdentityName,
  type Program,
} from "../../services/definition";
import { consulService, groupIndex, hasJobspec, jobId, jobNamespace } from "../../services/job-definition";
import { defaultExporterPort, exporterImage, monitoringJob, monitoringRole } from "../../services/monitoring";
import { programMounts, programOf, vaultAccess } from "../job/parts";
import { inRegion, onNode } from "../job/place";
import { disconnect, ownDeployment, replacements, restarts } from "../job/policies";
import { tellingEnv } from "../job/telling";
import type { MonitoringProps } from "./props";
import { exporterQueries } from "./queries";

const portLabel = "metrics";
const queriesPath = "/local/pgmoor-queries.yaml";
const configPath = "/local/pgmoor-facts.json";
const authoritiesPath = "/local/pgmoor-authorities.pem";
const diskPath = "/disk";

/** From one look of the task `facts` to the next. */
const everySeconds = 30;

export function monitoringJobOf(props: MonitoringProps): Job {
  const { monitoring, server, datacenter, namespace, region } = props;
  const node = monitoring.node ?? server.job?.node;
  const Tasks = [exporterTask(props), factsTask(props)];
  const Volumes = volumeRequests(Tasks.flatMap(({ VolumeMounts = [] }) => VolumeMounts));
  const port = monitoring.port ?? defaultExporterPort;
  const Networks = [{ Mode: "host" as const, ReservedPorts: [port.toApi(portLabel)], DynamicPorts: [] }];
  return {
    ID: monitoringJob,
    Name: monitoringJob,
    Namespace: namespace,
    ...inRegion(region),
    Type: "service",
    Datacenters: [datacenter],
    Constraints: onNode(node),
    Update: ownDeployment("checks", Duration.minutes(5)),
    TaskGroups: [
      {
        Name: monitoringJob,
        Count: 1,
        Meta: { [versionMeta]: versionOf({ Networks, Volumes, Tasks }) },
        Networks,
        Services: [
          {
            Name: monitoringJob,
            Provider: "consul",
            PortLabel: portLabel,
            Tags: [],
            Checks: [
              {
                Name: "answers",
                Type: "http",
                PortLabel: portLabel,
                // Not the metrics: the job is well while the server is down, or nobody would be told.
                Path: "/",
                Interval: Duration.seconds(10).nanoseconds,
                Timeout: Duration.seconds(5).nanoseconds,
              },
            ],
          },
        ],
        Volumes,
        RestartPolicy: restarts,
        ReschedulePolicy: replacements,
        Disconnect: disconnect,
        Tasks,
      },
    ],
  };
}

function connection({ server, vault }: MonitoringProps): Connection {
  return {
    server: server.lookup,
    sslmode: server.sslmode,
    ca: server.ca,
    database: monitoringRole,
    username: monitoringRole,
    secret: { mount: vault.mount, name: databaseSecretName(monitoringRole) },
  };
}

/** The owner of a database decides how names are found in it, but for a session that says so itself. */
const exporterDsn: Dsn = {
  style: "url",
  variable: "DATA_SOURCE_NAME",
  parameters: { search_path: "pg_catalog", statement_timeout: "20000", lock_timeout: "1000" },
};

function exporterTask(props: MonitoringProps): Task {
  const { monitoring, server } = props;
  const program: Program = monitoring.exporter ?? { driver: "docker", image: exporterImage, network: "host" };
  return {
    Name: "exporter",
    ...programOf(program, {
      args: [
        `--web.listen-address=\${NOMAD_ADDR_${portLabel}}`,
        `--extend.query-path=${queriesPath}`,
        "--auto-discover-databases",
        "--exclude-databases=template0,template1",
      ],
    }),
    Env: {},
    Vault: vaultAccess(workloadIdentityName(monitoringJob)),
    Templates: [
      dsnFile(exporterDsn, connection(props), "restart"),
      ...caFile(server),
      // YAML takes JSON as it is.
      file(
        queriesPath,
        fixedText(JSON.stringify(exporterQueries(server.countsStatements), undefined, 1)),
        "0644",
      ),
    ],
    VolumeMounts: programMounts(program),
    Resources: { CPU: 100, MemoryMB: 128 },
  };
}

function factsTask(props: MonitoringProps): Task {
  const { program, server, monitoring, authorities } = props;
  const disk = monitoring.diskVolume ?? server.job?.volume.toApi().Volume;
  return {
    Name: "facts",
    ...programOf(program, { args: ["facts", "--config", configPath] }),
    Env: {
      ...tellingEnv(props),
      ...(authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authoritiesPath }),
    },
    // For Nomad's task API.
    Identity: { File: true },
    // It reads the metadata of secrets itself. No other task of pgmoor's has a token.
    Vault: { ...vaultAccess(workloadIdentityName(monitoringJob)), DisableFile: false },
    Templates: [
      dsnFile(libpq, connection(props), "restart"),
      ...caFile(server),
      ...(authorities === undefined ? [] : [file(authoritiesPath, fixedText(authorities), "0644")]),
      factsConfig(props, disk),
    ],
    VolumeMounts: [
      ...(disk === undefined ? [] : [HostVolume.named(disk).at(diskPath).readOnly().toApi()]),
      ...programMounts(program),
    ],
    Resources: { CPU: 100, MemoryMB: 256 },
  };
}

/** What pgmoor's program reads (`migrator/monitoring/config.ts`). */
function factsConfig(props: MonitoringProps, disk: string | undefined) {
  const { services, consul, vault, backups, namespace } = props;
  return file(
    configPath,
    json({
      consul,
      vault: {
        address: vault.address,
        mount: vault.mount,
        ...(vault.namespace === undefined ? {} : { namespace: vault.namespace }),
      },
      phaseMeta,
      backups,
      ...(disk === undefined ? {} : { disk: diskPath }),
      everySeconds,
      services: services.map(({ definition, phase }) => ({
        name: definition.name,
        job: jobId(definition),
        namespace: jobNamespace(definition, namespace),
        group: hasJobspec(definition) ? groupIndex(definition.jobspec, definition.tasks) : 0,
        health: consulService(definition),
        database: databaseName(definition),
        secret: databaseSecretName(databaseName(definition)),
        phase,
      })),
    }),
    "0644",
  );
}
