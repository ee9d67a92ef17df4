/** PostgreSQL's own client programs. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { applicationName } from "../server/connection";
import { Failed, messageOf, Refused } from "../base/errors";
import type { Run } from "../server/run";
import type { DatabaseLogin } from "../server/login";

class NotOnPath extends Refused {}

/**
 * Runs one of the programs and answers what it prints. It ends with the run; when the run is killed, by the first byte that
 * nobody takes from it.
 * @param server that it talks to; its password goes by the environment.
 * @throws Refused when it is not there, Failed with its own words when it fails.
 */
export async function runProgram(
  run: Run,
  program: string,
  args: readonly string[],
  server?: DatabaseLogin,
): Promise<string> {
  return readProgram(run, program, args, server, text);
}

/**
 * The same for more than memory holds.
 * @param reader takes what it prints.
 */
export async function readProgram<T>(
  run: Run,
  program: string,
  args: readonly string[],
  server: DatabaseLogin | undefined,
  reader: (output: Readable) => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, LC_ALL: "C", PGAPPNAME: applicationName, ...server?.variables },
    stdio: ["ignore", "pipe", "pipe"],
    signal: run.ending,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  try {
    const [read, said, code] = await Promise.all([reader(child.stdout), text(child.stderr), ended]);
    if (code !== 0) throw new Failed(`${program} failed: ${said.trim() || `exit code ${code}`}`);
    return read;
  } catch (error) {
    child.kill();
    if (error instanceof Failed) throw error;
    if ((error as { syscall?: string; code?: string }).code === "ENOENT" && child.pid === undefined)
      throw new NotOnPath(`${program} is not on PATH`);
    throw new Failed(`${program} failed: ${messageOf(error)}`);
  }
}

/**
 * Has the programs be of a version.
 * @param major of the server that they are for.
 * @throws Refused when they are of another, or not there, saying where to get them.
 */
export async function requirePrograms(run: Run, major: number): Promise<void> {
  const where =
    `In a job, build the migrator's image with --build-arg POSTGRES_MAJOR=${major}. By hand, put PostgreSQL ${major}'s client programs ` +
    `first on PATH (Debian and Ubuntu: package postgresql-client-${major}, folder /usr/lib/postgresql/${major}/bin)`;
  const version = await runProgram(run, "pg_dump", ["--version"]).catch((error: unknown) => {
    throw error instanceof NotOnPath ? new Refused(`${error.message}. ${where}`) : error;
  });
  const found = /\(PostgreSQL\) (\d+)/.exec(version)?.[1];
  if (found === undefined) throw new Failed(`cannot read pg_dump's version: ${version.trim()}`);
  if (Number(found) !== major)
    throw new Refused(`pg_dump is version ${found}, but the server runs PostgreSQL ${major}. ${where}`);
}
