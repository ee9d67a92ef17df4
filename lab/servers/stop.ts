import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { labVariable } from "../../environments/lab";
import { call } from "./api";
import { type Lab, ownerVariable, readLab } from "./lab";
import { postgresStop } from "./postgres";
import { endProcess, isRunning } from "./process";
import { processes, signalEach } from "./processes";
import { waitFor } from "./wait";

const run = promisify(execFile);

/**
 * Ends the lab of this directory, half-started or half-ended as it may be: jobs, servers, whatever is left of either, mounts,
 * control groups. Its files stay, for whoever wants to know what happened.
 */
export async function stopLab(directory: string): Promise<void> {
  const home = path.resolve(directory);
  const lab = await readLab(home);
  if (lab) {
    // What cannot be ended in good order is ended below without it.
    const nomad = lab.processes.filter(({ name }) => name.startsWith("Nomad"));
    if (nomad.every(isRunning)) await purgeJobs(lab).catch(() => undefined);
    const lastFirst = [...lab.processes].reverse();
    for (const server of lastFirst) {
      await endProcess(server, server.name === "PostgreSQL" ? postgresStop : {});
    }
  }
  await endLeftovers(home);
  await endLeftovers(home, providersOf);
  const groups = await fs.readdir(allocations(home)).catch(() => []);
  await unmountBelow(home);
  await removeTaskGroups(groups);
}

/** Removes a lab's files. Refuses while something runs or is mounted there: `/usr` itself may be what is mounted. */
export async function removeLab(directory: string): Promise<void> {
  const home = path.resolve(directory);
  const mounts = await mountsBelow(home);
  if (mounts.length > 0)
    throw new Error(`${home}: ${mounts[0]} is still mounted; unmount it, then remove the folder`);
  if ((await ownedBy(home)).length > 0) throw new Error(`${home}: its lab is still running`);
  await fs.rm(home, { recursive: true, force: true });
}

async function purgeJobs(lab: Lab): Promise<void> {
  const { address } = lab.nomad;
  const jobs = await call<{ ID: string; Namespace: string }[]>(`${address}/v1/jobs?namespace=*`);
  for (const { ID, Namespace } of jobs) {
    const query = `purge=true&namespace=${encodeURIComponent(Namespace)}`;
    await call(`${address}/v1/job/${encodeURIComponent(ID)}?${query}`, { method: "DELETE" });
  }
  await waitFor({ what: "Nomad has ended all tasks", deadlineSeconds: 15 }, async () => {
    const all = await call<{ ClientStatus: string }[]>(`${address}/v1/allocations?namespace=*`);
    return all.every(({ ClientStatus }) => !["pending", "running", "unknown"].includes(ClientStatus));
  });
  // Collecting an allocation unmounts what Nomad has mounted in its folder.
  await call(`${address}/v1/system/gc`, { method: "PUT" });
  await waitFor({ what: "Nomad has unmounted everything", deadlineSeconds: 5 }, async () => {
    const left = await mountsBelow(lab.directory);
    return left.every((point) => point === allocations(lab.directory));
  });
}

/** Nomad's folder for allocations: a disk of its own in some labs. */
const allocations = (home: string) => path.join(home, "nomad/client/alloc");

/** As when the machine loses power: every process of the lab ends at once, and no mount of a task's is left. */
export async function cutPower({ directory }: Pick<Lab, "directory">): Promise<void> {
  await endLeftovers(directory);
  // A disk keeps what it holds.
  await unmountBelow(directory, allocations(directory));
}

/** Processes that outlived their server, or whose start was cut short before the lab's file was written. */
async function endLeftovers(home: string, find = ownedBy): Promise<void> {
  await waitFor({ what: `the last process of ${home} has ended`, deadlineSeconds: 10 }, async () => {
    const pids = await find(home);
    signalEach(pids, "SIGKILL");
    return pids.length === 0;
  });
}

const ownedBy = (home: string) =>
  processes(({ variables }) => variables.includes(`${ownerVariable}=${home}`));

/** A provider of Terraform's outlives a Terraform that was killed. */
const providersOf = (home: string) =>
  processes(
    ({ words: [program = ""], variables }) =>
      path.basename(program).startsWith("terraform-provider-") &&
      variables.includes(`${labVariable}=${home}`),
  );

/** Mount points below the folder, the innermost first. */
async function mountsBelow(home: string): Promise<string[]> {
  const table = await fs.readFile("/proc/self/mountinfo", "utf8");
  const points = table.split("\n").map((line) => unescape(line.split(" ")[4] ?? ""));
  return points.filter((point) => point.startsWith(`${home}/`)).reverse();
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** A process that was killed has its files open until the kernel has taken it apart: PostgreSQL's memory takes a moment. */
async function unmountBelow(home: string, except?: string): Promise<void> {
  for (const point of await mountsBelow(home))
    if (point !== except)
      await waitFor({ what: `${point} is unmounted`, deadlineSeconds: 20 }, async () => {
        await run("umount", [point]);
        return true;
      });
}

/**
 * Control groups of tasks whose Nomad was killed: empty by now, and named for their allocation. Their parent, `nomad` or `nomad.slice`,
 * is the same for every Nomad of the machine (its setting `cgroup_parent` changes nothing), and stays.
 */
async function removeTaskGroups(allocations: readonly string[]): Promise<void> {
  if (allocations.length === 0) return;
  const root = "/sys/fs/cgroup";
  // Version 1 has one tree per controller, version 2 one for all, in which tasks are one level deeper.
  const trees = [root, ...(await subfolders(root))];
  const parents = trees.flatMap((tree) => [path.join(tree, "nomad"), path.join(tree, "nomad.slice")]);
  const shares = parents.flatMap((parent) => [path.join(parent, "share"), path.join(parent, "reserve")]);
  for (const parent of [...parents, ...shares]) {
    for (const group of await subfolders(parent)) {
      if (allocations.some((id) => path.basename(group).startsWith(`${id}.`))) await fs.rmdir(group);
    }
  }
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
}
