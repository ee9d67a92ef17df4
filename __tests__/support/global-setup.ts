import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { onInterrupt } from "../../lab/servers/cleanup";
import { findOnPath } from "../../lab/servers/path";
import { startPostgres } from "../../lab/servers/postgres";
import { findProgram } from "../../lab/servers/programs";
import { missingForPrograms } from "../../lab/servers/requirements";
import { putOnPath } from "../../lab/servers/terraform";

/** What a test file finds in `PGMOOR_TEST_PG`: the superuser of the run's one PostgreSQL. Make a database of your own in it. */
export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Set by the setup, called by the teardown: jest runs both in one process. */
export const holder = globalThis as { pgmoorTestServerEnd?: () => Promise<void> };

/** Starts one PostgreSQL for the whole jest run, without fsync: its data lives as long as the run. */
export default async function globalSetup(): Promise<void> {
  await provideTerraform();
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-test-"));
  const remove = () => fs.rm(directory, { recursive: true, force: true });
  // Registered before the server's own: on an interrupt the server ends first.
  const takeBack = onInterrupt(remove);
  const password = randomBytes(18).toString("base64url");
  try {
    const server = await startPostgres({ directory, password, fsync: false });
    const { host, port, user } = server;
    process.env.PGMOOR_TEST_PG = JSON.stringify({ host, port, user, password } satisfies TestServer);
    holder.pgmoorTestServerEnd = async () => {
      await server.stop();
      await remove();
      takeBack();
    };
  } catch (error) {
    await remove();
    takeBack();
    throw error;
  }
}

/** Builds Terraform, once, where none is installed. */
async function provideTerraform(): Promise<void> {
  if (await findOnPath("terraform", process.env)) return;
  const missing = await missingForPrograms(["terraform"]);
  if (missing.length > 0) throw new Error(missing.join("\n"));
  await putOnPath(await findProgram("terraform", { progress: (line) => console.error(line) }));
}
