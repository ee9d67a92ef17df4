/** A real app from PyPI, in the cache: started on a database, used, killed. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { cached } from "../../lab/servers/cache";
import { freePorts } from "../../lab/servers/wait";
import { eventually, type Cleanup } from "../migrator/support";

const run = promisify(execFile);

export interface AppFacts {
  readonly name: string;
  /** With their versions, and psycopg2 for the comparison. */
  readonly packages: readonly string[];
  /** Arguments of Python that start it: it listens on `APP_PORT`. */
  readonly start: readonly string[];
  /** A path that answers 2xx once it is up. */
  readonly health: string;
  /** Its variables, for a database by SQLAlchemy's URL. */
  readonly environment: (database: string, folder: string) => Readonly<Record<string, string>>;
  /** SQLAlchemy's URL of a file, and of the server in libpq's variables or in these. */
  readonly file: (file: string) => string;
  readonly server: (login: Readonly<Record<string, string>>) => string;
  /** A shell command that builds its schema. */
  readonly schema: string;
  /** The script that uses it: PREFIX COUNT. */
  readonly use: string;
}

export class RealApp {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly facts: AppFacts,
    private readonly cleanup: Cleanup,
    private readonly folder: string,
    private readonly base: Readonly<Record<string, string>>,
  ) {
    cleanup.add(() => this.end("SIGKILL"));
  }

  /** Installs it, once, and finds it ports. */
  static async install(facts: AppFacts, cleanup: Cleanup): Promise<RealApp> {
    const packages = await cached(`app-${facts.packages[0]!.replace("==", "-")}`, async (target) => {
      await run("python3", ["-m", "pip", "install", "--quiet", "--target", target, ...facts.packages], {
        maxBuffer: 1 << 26,
      });
    });
    const [port, other] = await freePorts(2);
    const folder = cleanup.folder();
    return new RealApp(facts, cleanup, folder, {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      PYTHONPATH: packages,
      APP_PORT: String(port),
      OTHER_PORT: String(other),
    });
  }

  /** Its variables on a database, for a command of its own. */
  on(database: string): Record<string, string> {
    return { ...this.base, ...this.facts.environment(database, this.folder) };
  }

  /** Starts it and waits until it answers. */
  async start(database: string, login: Readonly<Record<string, string>> = {}): Promise<void> {
    let said = "";
    const child = spawn("python3", [...this.facts.start], {
      cwd: this.folder,
      env: { ...this.on(database), ...login },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${this.facts.name} ended:\n${said}`);
      const answer = await fetch(`http://127.0.0.1:${this.base.APP_PORT}${this.facts.health}`).catch(
        () => undefined,
      );
      return answer?.ok || undefined;
    }, 180);
  }

  /** Ends it with all that it has started. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    process.kill(-child.pid, signal);
    await ended;
  }

  /** Uses it to the end. @returns what it counts. */
  async use(prefix: string, count: number): Promise<number> {
    const { stdout } = await run("python3", [path.join(__dirname, this.facts.use), prefix, String(count)], {
      env: this.base,
      cwd: this.folder,
    });
    return Number(stdout.trim().split("\n").at(-1));
  }

  /** Uses it, and kills it in the middle. */
  async killInMidWork(prefix: string, count: number): Promise<void> {
    const user = spawn("python3", [path.join(__dirname, this.facts.use), prefix, String(count)], {
      env: this.base,
      cwd: this.folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.cleanup.add(() => user.kill("SIGKILL"));
    const left = once(user, "exit");
    let seen = 0;
    for await (const line of createInterface(user.stdout)) if (line === "written" && ++seen === 3) break;
    await this.end("SIGKILL");
    user.kill("SIGKILL");
    await left;
  }

  /** Holds a file against the server. */
  async compare(
    file: string,
    login: Readonly<Record<string, string>>,
    without: readonly string[],
  ): Promise<{ readonly rows: number; readonly different: readonly string[] }> {
    const { stdout } = await run("python3", [path.join(__dirname, "compare.py"), file, ...without], {
      env: { ...this.base, ...login },
      maxBuffer: 1 << 26,
    });
    return JSON.parse(stdout) as { rows: number; different: string[] };
  }
}
