/**
 * Why the central server's job must not be deployed as it stands in the environment. Nothing was written when it is said.
 */
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { databaseName } from "../services/definition";
import { serverDataDirectory, serverGroupName, serverJobName, type ServerJob } from "../services/server-job";
import type { Known } from "./known";
import type { ServerLogins } from "./server-logins";
import type { Secret } from "./vault";

const runningJob = z.object({
  TaskGroups: z.array(
    z.object({
      Name: z.string(),
      Volumes: z.record(z.string(), z.object({ Source: z.string() })).nullish(),
      Tasks: z.array(
        z.object({
          Name: z.string(),
          Env: z.record(z.string(), z.string()).nullish(),
          VolumeMounts: z.array(z.object({ Volume: z.string(), Destination: z.string() })).nullish(),
        }),
      ),
    }),
  ),
});

/** What was looked up of the server's job. */
export interface SeenServer {
  /** Where the running job has its data: the host volume and the path of each mount; `null`: there is no such job. */
  readonly data: readonly RunningData[] | null | undefined;
  /** PostgreSQL's own version: `16.14`. @default nobody could ask */
  readonly version?: string | undefined;
  readonly adminSecret: Secret["presence"];
  /** @default nobody could ask */
  readonly logins?: ServerLogins | undefined;
}

export interface RunningData {
  /** Its task group. */
  readonly group: string;
  readonly volume: string;
  readonly path: string;
  readonly dataDirectory: string | undefined;
}

/** Where a running job keeps data. @returns `null`: no such job; undefined: nobody could tell */
export async function runningData(
  { nomad }: Environment,
  job: ServerJob,
  env: NodeJS.ProcessEnv,
): Promise<SeenServer["data"]> {
  const path = `/v1/job/${encodeURIComponent(serverJobName(job))}?namespace=${encodeURIComponent(nomad.namespace)}`;
  const found = await ask(nomadApi(nomad, env), path);
  if (found.status === 404) return null;
  const parsed = runningJob.safeParse(found.body);
  if (!parsed.success) return undefined;
  return parsed.data.TaskGroups.flatMap(({ Name, Volumes, Tasks }) =>
    Tasks.flatMap(({ Env, VolumeMounts }) =>
      (VolumeMounts ?? []).map(({ Volume, Destination }) => ({
        group: Name,
        volume: Volumes?.[Volume]?.Source ?? Volume,
        path: Destination,
        dataDirectory: Env?.PGDATA,
      })),
    ),
  );
}

/** All of them; none: it may be deployed. @param known what Terraform's state has of the stack */
export function serverStops(environment: Environment, known: Known, seen: SeenServer): string[] {
  const { job } = environment.server;
  if (job === undefined) return [];
  return [
    ...strangers(environment, job, known, seen),
    ...otherData(job, seen),
    ...otherGroup(job, seen),
    ...otherMajor(environment, seen),
    ...lockedOut(job, seen),
    ...notPreloaded(environment, job, seen),
    ...unencrypted(environment, job, seen),
  ];
}

function strangers(
  { server, vault }: Environment,
  job: ServerJob,
  known: Known,
  { data, adminSecret }: SeenServer,
): string[] {
  const name = serverJobName(job);
  const stops: string[] = [];
  if (known.job === undefined && data != null && job.existing === undefined)
    stops.push(
      `The job ${name} already runs, but Terraform's state does not have it. If pgmoor made it, the state is lost or elsewhere: deploy from where it is (docs/lost-state.md). To leave it as it is, write existing: "watched"; to replace it by the job that is described, existing: "taken-over".`,
    );
  if (known.job === undefined && data === null && job.existing !== undefined)
    stops.push(
      `server.job.existing says "${job.existing}", but Nomad has no job ${name}. Correct server.job.name, or remove existing.`,
    );
  if (
    known.secret === undefined &&
    adminSecret === "present" &&
    job.existingSecret !== true &&
    job.existing !== "watched"
  )
    stops.push(
      `The secret ${vault.mount}/${server.adminSecret} already exists, but Terraform's state does not have it. If it holds the admin's username and password, write existingSecret: true.`,
    );
  return stops;
}

/** A server on other data would start empty, or not at all. */
function otherData(job: ServerJob, { data }: SeenServer): string[] {
  if (job.existing === "watched" || data == null || data.length === 0) return [];
  const wanted = serverDataDirectory(job);
  const runs = data.find(({ volume }) => volume === job.volume.source);
  if (runs === undefined)
    return [
      `The running job ${serverJobName(job)} has its data in the host volume ${data.map(({ volume }) => volume).join(", ")}, and server.job.volume names ${job.volume.source}: the server would start without its data. Name the volume that it has.`,
    ];
  const inVolume = (path: string, directory: string) =>
    directory === path ? "" : directory.startsWith(`${path}/`) ? directory.slice(path.length + 1) : undefined;
  const has = inVolume(runs.path, runs.dataDirectory ?? runs.path);
  const gets = inVolume(job.volume.path, wanted);
  if (has === gets || runs.dataDirectory === undefined) return [];
  return [
    `The running job ${serverJobName(job)} has its data in ${runs.dataDirectory}, in the volume at ${runs.path}; server.job says ${wanted}, in the volume at ${job.volume.path}. That is another folder of the volume, and the server would start without its data. Set server.job.dataDirectory.`,
  ];
}

/** Nomad starts the group that is new while it ends the one that is gone: two servers on one data directory destroy it. */
function otherGroup(job: ServerJob, { data }: SeenServer): string[] {
  if (job.existing === "watched" || data == null) return [];
  const runs = data.find(({ volume }) => volume === job.volume.source);
  if (runs === undefined || runs.group === serverGroupName(job)) return [];
  return [
    `The task group of the running job ${serverJobName(job)} is called ${runs.group}, and server.job's is ${serverGroupName(job)}: Nomad would start the new one before the old one has ended, and two servers on the same data destroy it. Set server.job.group to "${runs.group}".`,
  ];
}

/** The major version that an image has in its tag; undefined: it does not say. */
export function majorOf(image: string): number | undefined {
  const major = /:(?:pg)?(\d+)(?=[.-]|$)/.exec(image)?.[1];
  return major === undefined ? undefined : Number(major);
}

/** A data directory belongs to one major version. */
function otherMajor({ server }: Environment, { version }: SeenServer): string[] {
  const [wanted, runs] = [majorOf(server.image), version === undefined ? undefined : parseInt(version, 10)];
  if (wanted === undefined || runs === undefined || wanted === runs) return [];
  return [
    `The server runs PostgreSQL ${runs}, and server.image is ${server.image}: a server of version ${wanted} does not start on data of version ${runs}. Set an image of version ${runs}. The way to another major version is a dump and a restore into a new server (docs/run-the-server.md#another-major-version).`,
  ];
}

/** Roles that the running server lets in, and pgmoor's `pg_hba.conf` would not. */
function lockedOut(job: ServerJob, { logins }: SeenServer): string[] {
  if (job.existing !== "taken-over" || logins === undefined) return [];
  const { md5, elsewhere } = logins;
  const stops: string[] = [];
  if (md5.length > 0)
    stops.push(
      `The server keeps the passwords of ${md5.join(", ")} as MD5 hashes, and these roles could not log in any more: pgmoor's pg_hba.conf demands scram-sha-256. Set each password again (SET password_encryption = 'scram-sha-256'; ALTER ROLE … PASSWORD …).`,
    );
  const covered = (login: string) =>
    (job.hba ?? []).some((line) => {
      const [role, database] = login.split(" in ") as [string, string];
      const [, databases = "", roles = ""] = line.trim().split(/\s+/);
      return ["all", database].includes(databases) && ["all", role].includes(roles);
    });
  const left = elsewhere.filter((login) => !covered(login));
  if (left.length > 0)
    stops.push(
      `The server has sessions of ${left.join(", ")}. pgmoor's pg_hba.conf lets a role into the database of its own name only. Add a line for each to server.job.hba: "host DATABASE ROLE all scram-sha-256".`,
    );
  return stops;
}

/** Sessions that `hostssl` would not let in again. */
function unencrypted({ services }: Environment, job: ServerJob, { logins }: SeenServer): string[] {
  if (job.tls?.only !== true || logins === undefined) return [];
  const roles = new Set(services.map(({ definition }) => databaseName(definition)));
  const plain = logins.unencrypted.filter((role) => roles.has(role));
  if (plain.length === 0) return [];
  return [
    `server.job.tls.only refuses connections without encryption, and ${plain.join(", ")} ${plain.length === 1 ? "has" : "have"} sessions without it. Deploy these services with server.sslmode first; or set only to false.`,
  ];
}

/** An extension whose library is missing cannot be used, and some servers do not start without it. */
function notPreloaded({ server }: Environment, job: ServerJob, { logins }: SeenServer): string[] {
  if (job.existing === "watched" || logins === undefined) return [];
  const plain = (library: string) => library.replace(/\.so$/, "");
  const wanted = new Set([...(server.preload ?? []), "pg_stat_statements"].map(plain));
  const lost = logins.preloaded.filter((library) => !wanted.has(plain(library)));
  if (lost.length === 0) return [];
  return [
    `The running server preloads ${lost.join(", ")}, and server.preload does not name it: extensions that need it would stop working. Add it to server.preload, with an image that has it; or drop the extension and remove the library from the running server first.`,
  ];
}
