import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BrokenJob } from "../constructs/job/change";
import { connectionOf } from "../constructs/job/connection";
import type { JobPhase, ServiceJobProps } from "../constructs/job/props";
import { serviceJob } from "../constructs/job/service-job";
import { serverJob, type ServerJobProps } from "../constructs/server/server-job";
import { workloadIdentityName } from "../services/definition";
import { certificateOf } from "../environments/model/certificate";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { Job } from "../nomad/job";
import { serverJobName, type ServerJob } from "../services/server-job";

/** The job that a deploy would register. @param service not a retired one */
export function wantedJob(environment: Environment, service: EnvironmentService): Job {
  return serviceJob(jobProps(environment, service));
}

/** Of a definition whose job cannot be made, nothing: whoever synthesizes the stacks says why. */
export function jobOrNothing(...[environment, service]: Parameters<typeof wantedJob>): Job | undefined {
  try {
    return wantedJob(environment, service);
  } catch (error) {
    if (error instanceof BrokenJob) return undefined;
    throw error;
  }
}

/** What a service's job is made of. @param service not a retired one */
export function jobProps(
  environment: Environment,
  { definition, phase, rollback, passwordVersion = 1, sslmode }: EnvironmentService,
): ServiceJobProps {
  const { nomad, domain, proxy, vault, migrator } = environment;
  const server = {
    ...environment.server,
    ca: certificateOf(environment),
    sslmode: sslmode ?? environment.server.sslmode,
  };
  return {
    definition,
    phase: phase as JobPhase,
    rollback,
    datacenter: nomad.datacenter,
    namespace: nomad.namespace,
    region: nomad.region,
    domain,
    proxy,
    connection: connectionOf(definition, server, vault.mount),
    passwordVersion,
    vaultRole: workloadIdentityName(definition.name),
    migrator: {
      ...migrator,
      telling: environment,
      schemaWrapper: readFileSync(join(__dirname, "../migrator/peer/task-wrapper.sh"), "utf8"),
    },
  };
}

/** The central server's job that a deploy would register. */
export function wantedServerJob(environment: Environment, job: ServerJob): Job {
  const { vault, server } = environment;
  return serverJob({
    ...serverJobProps(environment, job),
    admin: { mount: vault.mount, secret: server.adminSecret },
    vaultRole: workloadIdentityName(serverJobName(job)),
  });
}

/** What the central server's job is made of. */
export function serverJobProps(
  { server, nomad, monitoring }: Environment,
  job: ServerJob,
): Omit<ServerJobProps, "admin" | "vaultRole"> {
  return {
    job,
    image: server.image,
    preload: server.preload ?? [],
    maxConnections: server.maxConnections,
    service: server.service,
    watched: monitoring !== undefined,
    datacenter: nomad.datacenter,
    namespace: nomad.namespace,
    region: nomad.region,
  };
}
