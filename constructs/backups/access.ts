/** How the tasks that back up and restore get in: to the server as its admin, and to the repository. */
import { caFile, libpq, type ServerLookup } from "../../nomad/dsn";
import type { Template } from "../../nomad/job";
import { envFile, envLine, join, text, withSecret, withService, type Expression } from "../../nomad/template";
import { defaultKeySecret, type Backups } from "../../services/server-job";
import { tellingSecrets } from "../job/telling";
import { repositoryPath, type BackupJobsProps } from "./props";

/**
 * libpq's variables of the server's admin, whose name is in the secret.
 * @param here the port on the task's own host, for a server that is stopped: Consul has no address of it then
 */
export function adminFiles({ server, mount }: BackupJobsProps, here?: number): Template[] {
  const lookup: ServerLookup =
    here === undefined ? server.lookup : { by: "dns", host: "127.0.0.1", port: here };
  const lines = (host: Expression, port: Expression, field: (name: string) => Expression): string =>
    [
      ...Object.entries(libpq.tls?.[server.sslmode] ?? {}).map(([name, value]) => envLine(name, text(value))),
      envLine("PGHOST", host),
      envLine("PGPORT", join(port)),
      envLine("PGDATABASE", text("postgres")),
      envLine("PGUSER", field("username")),
      envLine("PGPASSWORD", field("password")),
    ].join("");
  const body = withSecret(mount, server.adminSecret, (field) =>
    lookup.by === "dns"
      ? lines(text(lookup.host), text(String(lookup.port)), field)
      : withService(lookup.service, (address, port) => lines(address, port, field)),
  );
  return [envFile("secrets/server.env", body, "restart"), ...caFile(server)];
}

/** The repository's key, and for S3 the login to it. */
export function repositoryFile({ backups, mount }: BackupJobsProps): Template {
  const { repository, keySecret = defaultKeySecret } = backups;
  const key = withSecret(mount, keySecret, (field) => envLine("RESTIC_PASSWORD", field("password")));
  const login =
    repository.in === "s3"
      ? withSecret(
          mount,
          repository.secret,
          (field) =>
            envLine("AWS_ACCESS_KEY_ID", field("access_key_id")) +
            envLine("AWS_SECRET_ACCESS_KEY", field("secret_access_key")),
        )
      : "";
  return envFile("secrets/repository.env", key + login, "restart");
}

/** restic's name of the repository. Source: https://restic.readthedocs.io/en/stable/030_preparing_a_new_repo.html */
export function repositoryName({ repository }: Backups): string {
  return repository.in === "volume"
    ? `${repositoryPath}/pgmoor`
    : `s3:${repository.endpoint.replace(/\/$/, "")}/${repository.bucket}/${repository.path ?? "pgmoor"}`;
}

/** The secrets that a job of these may read. */
export function backupSecrets({ backups, server, telling }: BackupJobsProps): string[] {
  const { repository, keySecret = defaultKeySecret } = backups;
  return [
    server.adminSecret,
    keySecret,
    ...(repository.in === "s3" ? [repository.secret] : []),
    ...tellingSecrets(telling),
  ];
}
