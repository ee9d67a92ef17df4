import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { messageOf, Refused } from "../../base/errors";

/** A file or folder in a data directory, by its path inside. */
export interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly bytes: number;
  /** Differs as soon as anybody has written to it; nobody can set it back. */
  readonly signature: string;
}

const versionFile = "PG_VERSION";
const controlFile = path.join("global", "pg_control");
/** A server on the folder has this, from before it writes anything else until it has ended in order. */
const lockFile = "postmaster.pid";

async function read(file: string): Promise<Buffer | undefined> {
  return fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Refused(`${file}: ${messageOf(error)}`);
  });
}

/** Whether there is a data directory. */
export async function isThere(data: string): Promise<boolean> {
  return (await read(path.join(data, versionFile))) !== undefined;
}

/**
 * What tells this source from a changed one; `undefined` when there is none. Its control file says it all: no server runs on
 * the folder without writing there, and it is read in no time, however large the database.
 */
export async function fingerprint(data: string): Promise<string | undefined> {
  if (!(await isThere(data))) return undefined;
  const control = await read(path.join(data, controlFile));
  if (control === undefined)
    throw new Refused(`${path.join(data, controlFile)}: missing. The data directory is damaged`);
  return createHash("sha256").update(control).digest("hex");
}

/** PostgreSQL's major version that the data is of. */
export async function majorOf(data: string): Promise<number> {
  const text = (await read(path.join(data, versionFile)))?.toString("utf8").trim() ?? "";
  if (!/^\d+$/.test(text))
    throw new Refused(`${path.join(data, versionFile)} does not name PostgreSQL 10 or later`);
  return Number(text);
}

/** @throws Refused when a server is at work on the folder, or was not stopped in order. */
export async function requireStopped(data: string): Promise<void> {
  if ((await read(path.join(data, lockFile))) !== undefined) {
    throw new Refused(
      `${data} contains ${lockFile}: a server is running there, or was killed. Stop it. If no server runs, ` +
        "start the service's own job and stop it cleanly: PostgreSQL then recovers the data and removes the file",
    );
  }
  for (const name of ["standby.signal", "recovery.signal"]) {
    if ((await read(path.join(data, name))) !== undefined) {
      throw new Refused(
        `${data} contains ${name}: it is a standby or a backup of another server. Use that server's data directory`,
      );
    }
  }
}

/**
 * Everything in the folder, the folders before what is in them.
 * @throws Refused for what a byte-for-byte copy would not be whole without: links to other folders.
 */
export async function entriesOf(data: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const visit = async (inside: string): Promise<void> => {
    const children = await fs.readdir(path.join(data, inside), { withFileTypes: true });
    children.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const child of children) {
      const name = path.join(inside, child.name);
      if (child.isDirectory()) {
        entries.push({ name, folder: true, bytes: 0, signature: "" });
        await visit(name);
      } else if (child.isFile()) entries.push(await fileEntry(data, name));
      else {
        throw new Refused(
          `${path.join(data, name)} is neither a file nor a folder. Tablespaces and links to other folders are not supported: ` +
            "move their contents into the data directory first",
        );
      }
    }
  };
  await visit("").catch((error: unknown) => {
    if (error instanceof Refused) throw error;
    throw new Refused(`${data} cannot be read, or changed while it was read: ${messageOf(error)}`);
  });
  return entries;
}

/** By the opened file: a network file system looks at the server's state only then. */
async function fileEntry(data: string, name: string): Promise<Entry> {
  const handle = await fs.open(path.join(data, name), "r");
  try {
    const { size, mtimeNs, ctimeNs, ino } = await handle.stat({ bigint: true });
    const signature = [size, mtimeNs, ctimeNs, ino].join(" ");
    return { name, folder: false, bytes: Number(size), signature };
  } finally {
    await handle.close();
  }
}
