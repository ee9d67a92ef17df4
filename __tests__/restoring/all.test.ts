import { homelab } from "../../environments/homelab";
import type { Environment } from "../../environments/model/environment";
import { Failed } from "../../migrator/base/errors";
import { Port } from "../../nomad/port";
import { Size } from "../../nomad/size";
import { HostVolume } from "../../nomad/volume";
import { restoreWhole } from "../../restoring/all";
import type { BackupJobs } from "../../restoring/nomad";

const environment: Environment = {
  ...homelab,
  server: {
    ...homelab.server,
    job: {
      port: Port.onHost(5432),
      volume: HostVolume.named("postgres_data").at("/var/lib/postgresql/data"),
      node: "client-1",
      resources: { cpuMegahertz: 1000, memory: Size.gibibytes(1) },
    },
  },
};

/** @returns what was done with jobs */
async function restoring(
  words: string | undefined,
): Promise<{ done: string[]; failure: string | undefined }> {
  const done: string[] = [];
  const note = (what: string) => {
    done.push(what);
    return Promise.resolve();
  };
  const jobs = {
    exists: () => Promise.resolve(true),
    scale: (_: string, count: number) => note(`scale ${count}`),
    stopped: () => note("stopped"),
    healthy: () => note("healthy"),
    dispatch: async () => {
      await note("restore");
      if (words !== undefined) throw new Failed(words);
      return {};
    },
    force: () => note("back up"),
  } as unknown as BackupJobs;
  const confirm = () => Promise.resolve();
  const failure = await restoreWhole({ environment, jobs, log: () => undefined, confirm }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { done, failure };
}

test("restored: it starts, and is backed up", async () => {
  const { done, failure } = await restoring(undefined);
  expect(failure).toBeUndefined();
  expect(done).toEqual(["scale 0", "stopped", "restore", "scale 1", "healthy", "back up"]);
});

test("refused, and so nothing was changed: it runs again as it was", async () => {
  const words = "refused, nothing changed: no backup reaches 2020-01-01T00:00:00Z";
  const { done, failure } = await restoring(words);
  expect(failure).toBe(words);
  expect(done).toEqual(["scale 0", "stopped", "restore", "scale 1", "healthy"]);
});

test("failed in the middle: it stays stopped", async () => {
  const { done, failure } = await restoring("the disk is full");
  expect(failure).toBe("the disk is full");
  expect(done).toEqual(["scale 0", "stopped", "restore"]);
});
