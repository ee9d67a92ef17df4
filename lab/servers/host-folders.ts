import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { ProgramMount } from "./lab";

/** Where tasks find the lab's own bundles. */
export const programsDestination = "/opt/pgmoor";

/**
 * The folders that make programs of this machine run inside the exec driver's chroot, with the children they start: `/usr`, and what
 * is found in the root on every Linux, be it a folder or a link into `/usr`. Node's own folder, when it is elsewhere.
 */
export async function programFolders(programs: string, node: string): Promise<ProgramMount[]> {
  const mounts = [mount("lab_programs", programs, programsDestination)];
  for (const name of ["usr", "bin", "lib", "lib64"]) {
    const folder = await fs.realpath(`/${name}`).catch(() => undefined);
    if (folder) mounts.push(mount(`lab_${name}`, folder, `/${name}`));
  }
  if (!node.startsWith("/usr/")) {
    // …/bin/node: the folder above `bin` has its libraries, should it have any.
    const installation = path.dirname(path.dirname(node));
    mounts.push(mount("lab_node", installation, installation));
  }
  return mounts;
}

function mount(volume: string, folder: string, destination: string): ProgramMount {
  return { volume, folder, destination, readOnly: true };
}
