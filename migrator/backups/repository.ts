/** The repository of backups, which restic keeps: encrypted, in a folder or in S3. */
import { z } from "zod";
import { Failed, Refused } from "../base/errors";
import { runTool, type Ended } from "./tools";

/** restic's exit codes. Source: https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes */
const noRepository = 10;
const locked = 11;
const wrongKey = 12;
/** It made a snapshot without some of the files. */
const incomplete = 3;

const snapshot = z.object({ id: z.string(), time: z.coerce.date(), tags: z.array(z.string()).default([]) });
const summary = z.object({
  message_type: z.literal("summary"),
  snapshot_id: z.string(),
  data_added_packed: z.number().default(0),
  total_bytes_processed: z.number().default(0),
});

export type Snapshot = z.infer<typeof snapshot>;

/** A snapshot that is in the repository, whole. */
export interface Stored {
  readonly id: string;
  /** That it was made of, and that it added to the repository. */
  readonly bytes: number;
  readonly added: number;
}

const kept = z.array(z.object({ keep: z.array(snapshot).nullable() }));

/** restic takes a lock that is older than half an hour for one whose command was killed. */
const patience = ["--retry-lock", "35m"];

type Access = "shared" | "exclusive";

export class Repository {
  private ensured = false;

  /**
   * @param env restic's variables: RESTIC_REPOSITORY, RESTIC_PASSWORD, RESTIC_CACHE_DIR, AWS_*
   * @param lock a file that all of our jobs have: one removes what no snapshot needs while no other writes
   * @param stop aborts when the run is told to end
   */
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly lock: string,
    private readonly stop: AbortSignal,
  ) {}

  get place(): string {
    return this.env.RESTIC_REPOSITORY ?? "(RESTIC_REPOSITORY is not set)";
  }

  /**
   * Makes the repository where there is none. It tries that first, and asks only then: of a bucket that is not there, restic
   * asks again and again for a quarter of an hour.
   * @returns whether it did
   * @throws Refused for a wrong key
   */
  async ensure(): Promise<boolean> {
    if (this.ensured) return false;
    // Two at the same time would each write a key, and one of them the configuration that the other's key does not open.
    const made = await this.run(["init", "--quiet"], undefined, "exclusive");
    if (made.code !== 0) {
      const there = await this.run(["cat", "config"]);
      if (there.code !== 0) throw this.failure(there);
    }
    this.ensured = true;
    return made.code === 0;
  }

  /**
   * Puts a folder into the repository. It is listed only when all of it is there.
   * @param group of snapshots to which a policy applies: restic's host
   * @param time that is noted. Default now.
   */
  async store(folder: string, group: string, tags: readonly string[], time?: string): Promise<Stored> {
    const args = ["backup", "--quiet", "--json", "--host", group, ...tags.flatMap((tag) => ["--tag", tag])];
    if (time !== undefined) args.push("--time", time);
    const ended = await this.run([...args, ...patience, "."], folder);
    const made = ended.stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => summary.safeParse(JSON.parse(line)).data)
      .find((line) => line !== undefined);
    if (ended.code === 0 && made !== undefined)
      return { id: made.snapshot_id, bytes: made.total_bytes_processed, added: made.data_added_packed };
    if (ended.code === incomplete && made !== undefined)
      await this.done(["forget", "--quiet", ...patience, made.snapshot_id], "exclusive");
    throw this.failure(ended);
  }

  /** Those with this tag, the newest last. */
  async list(tag: string): Promise<Snapshot[]> {
    const { stdout } = await this.done(["snapshots", "--json", "--no-lock", "--tag", tag]);
    return newestLast(z.array(snapshot).parse(JSON.parse(stdout)));
  }

  /** A small file of a snapshot. */
  async read(id: string, file: string): Promise<string> {
    return (await this.done(["dump", "--no-lock", id, file])).stdout;
  }

  /**
   * Writes files of a snapshot into a folder, and checks them against their hashes.
   * @param include paths in the snapshot. Default all
   */
  async restore(id: string, folder: string, ...include: readonly string[]): Promise<void> {
    const only = include.flatMap((file) => ["--include", `/${file}`]);
    await this.done(["restore", "--quiet", "--no-lock", id, "--target", folder, ...only]);
  }

  /**
   * Forgets snapshots with this tag by a policy that applies to each group, and frees their space.
   * @returns those that are left, the newest last
   */
  async keep(tag: string, policy: readonly string[], prune: boolean): Promise<Snapshot[]> {
    const args = ["forget", "--quiet", "--json", "--tag", tag, "--group-by", "host", ...policy];
    if (prune) args.push("--prune");
    let ended = await this.run(args, undefined, "exclusive");
    if (ended.code === locked) {
      // By commands that were killed: restic tells them by their process. None of ours is alive, or this would wait for it.
      await this.done(["unlock", "--quiet"], "exclusive");
      ended = await this.run([...args, ...patience], undefined, "exclusive");
    }
    if (ended.code !== 0) throw this.failure(ended);
    // Without a snapshot it says nothing; with pruning, more than this one line.
    const line = ended.stdout.split("\n").find((one) => one.startsWith("[")) ?? "[]";
    return newestLast(kept.parse(JSON.parse(line)).flatMap(({ keep }) => keep ?? []));
  }

  private async done(args: readonly string[], access: Access = "shared"): Promise<Ended> {
    const ended = await this.run(args, undefined, access);
    if (ended.code !== 0) throw this.failure(ended);
    return ended;
  }

  private run(args: readonly string[], cwd?: string, access: Access = "shared"): Promise<Ended> {
    const env = Object.fromEntries(
      Object.entries(this.env).filter(([name]) => /^(RESTIC|AWS)_/.test(name) || name === "TMPDIR"),
    );
    // The lock ends with restic itself, also when that is killed.
    const locked = ["--no-fork", `--${access}`, this.lock, "restic", ...args];
    return runTool({
      program: "flock",
      args: locked,
      env,
      stop: this.stop,
      ...(cwd === undefined ? {} : { cwd }),
    });
  }

  private failure({ code, said }: Ended): Error {
    if (code === wrongKey)
      return new Refused(
        `the key in Vault does not open the repository ${this.place}. Somebody changed the secret, or this is another cluster's repository. Nothing was written`,
      );
    if (code === noRepository)
      return new Failed(`there is no repository at ${this.place}, or it cannot be reached: ${said}`);
    if (code === locked) return new Failed(`another command works on the repository ${this.place}: ${said}`);
    if (code === incomplete)
      return new Failed(`some files could not be read, so the backup was discarded: ${said}`);
    // It says this once for each part of a file.
    const full = /[^\n:]*: no space left on device/i.exec(said)?.[0].trim();
    if (full !== undefined) return new Failed(`the disk is full: ${full}. Free disk space there`);
    return new Failed(`the repository ${this.place} cannot be used: ${said || `restic's exit code ${code}`}`);
  }
}

function newestLast(snapshots: readonly Snapshot[]): Snapshot[] {
  return [...snapshots].sort((a, b) => a.time.getTime() - b.time.getTime());
}
