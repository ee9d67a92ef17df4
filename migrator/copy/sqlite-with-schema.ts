/** A SQLite file that a person moves into an empty database, in which the app's own command builds the schema. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Failed, Refused } from "../base/errors";
import type { Moved, Moving, Replacing } from "../moves/source";
import type { Run } from "../server/run";
import { targetTables } from "../server/target";
import type { Copied } from "../ledger/ledger";
import type { CopyRules } from "./copy-plan";
import type { Extent } from "./proof/extent";
import { SqliteFile } from "./sqlite-file";

/** As in a job: what the app's tables hold afterwards are rows that came with its schema, and nobody's data. */
export class SqliteWithSchema extends SqliteFile {
  /**
   * @param command for the shell; it finds the target in libpq's variables.
   * @param workingFolder in which it runs.
   */
  constructor(
    file: string,
    declared: CopyRules,
    extent: Extent,
    private readonly command: string,
    private readonly workingFolder: string,
  ) {
    super(file, declared, extent);
  }

  override async requireMovable({ target, attempt }: Moving & Replacing): Promise<void> {
    // An attempt before has found none, or was told to replace what there is.
    if (attempt > 1) return;
    const tables = await targetTables(target, this.reach);
    if (tables.length > 0)
      throw new Refused(
        `--schema is for an empty database, and this one has ${tables.length} tables, such as ${tables[0]!.name}. pgmoor cannot tell ` +
          "their rows from those that the app makes with its schema. Leave --schema out, or name an empty database",
      );
  }

  override moveByHand(moving: Moving & Replacing): Promise<Moved> {
    const { rescue, run } = moving;
    return this.move(moving, rescue === undefined ? "seeds" : { rescue }, () => this.buildSchema(run));
  }

  override dryRun(): Promise<Copied> {
    throw new Refused(
      "--dry-run writes nothing, so there is no schema to try the move with. Have the app build its schema in another database, and try there without --schema",
    );
  }

  private async buildSchema(run: Run): Promise<void> {
    const started = performance.now();
    const child = spawn("sh", ["-c", this.command], {
      cwd: this.workingFolder,
      env: { ...process.env, ...run.target.variables },
      // What it says goes to the person, and not into the report.
      stdio: ["ignore", process.stderr, process.stderr],
      // A group of its own, which ends as one.
      detached: true,
    });
    const end = () => process.kill(-child.pid!, "SIGTERM");
    run.ending.addEventListener("abort", end);
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    run.ending.removeEventListener("abort", end);
    if (code !== 0)
      throw new Failed(
        `--schema ended with ${signal ?? `exit code ${code}`}: the app's schema is not built. Correct the command and run it again`,
        "no row was copied; a part of the app's schema may be there",
      );
    run.log(`the app has built its schema in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}
