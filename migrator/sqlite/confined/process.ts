/** The process that SQLite runs in: it can write nothing but one folder. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as v8 from "node:v8";
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import { Refused } from "../../base/errors";
import { serve, type Answer, type Call, type Fault } from "./child";
import { confined, confinements, type Confinement } from "./confine";
import { pump, type FromPump, type PumpData } from "./pump";

/** Set by the bundle, which is a program of its own and starts itself. */
declare const PGMOOR_BUNDLE: boolean | undefined;

/** The bundle's argument that has it be the process with SQLite. */
export const sqliteRole = "sqlite-process";

/** A process that nobody has asked anything for so long ends; another is started when one is needed. */
const idleMilliseconds = 2000;

/** What the process ended of, in the middle of a call. */
export class Ended extends Error {
  override readonly name = "SqliteEnded";
}

/** Compilers may wrap functions in this. */
const prelude = "const __name = (named) => named;";

/** A fault in SQLite's process, as an error in ours. */
export const errorOf = ({ name, message, code }: Fault) => Object.assign(new Error(message), { name, code });

function programArgs(): string[] {
  if (typeof PGMOOR_BUNDLE !== "undefined") return [__filename, sqliteRole];
  // By a name that the bundler does not see: the bundle brings its own.
  const name = "libsql";
  const library = JSON.stringify(require.resolve(name));
  return [
    "-e",
    `${prelude}(${serve.toString()})(require(${library}), require("node:fs"), require("node:v8"))`,
  ];
}

/** One process, for the databases in one folder. Calls wait for their answers; those that are sent ahead do so later. */
export class SqliteProcess {
  private static readonly running = new Map<string, SqliteProcess>();
  private readonly signal = new Int32Array(new SharedArrayBuffer(4));
  private readonly port: MessagePort;
  private readonly worker: Worker;
  /** As they came. */
  private readonly answers = new Map<number, Uint8Array>();
  private readonly forgotten = new Set<number>();
  private sent = 0;
  private received = 0;
  private ended: string | undefined;
  private idle: NodeJS.Timeout | undefined;
  private open = 0;

  private constructor(
    private readonly folder: string,
    private readonly way: Confinement,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const [command, args] = confined(way, programArgs());
    const { user } = way;
    const workerData: PumpData = {
      port: port2,
      signal: this.signal,
      command,
      args,
      options: {
        cwd: folder,
        // No password and no proxy: it needs to know where its temporary files go.
        env: { PATH: process.env.PATH, TMPDIR: folder, SQLITE_TMPDIR: folder },
        ...(user !== undefined && { uid: user, gid: user }),
      },
    };
    const text = `${prelude}(${pump.toString()})(require("node:child_process"), require("node:worker_threads").workerData)`;
    this.worker = new Worker(text, { eval: true, workerData, transferList: [port2], execArgv: [] });
    this.worker.unref();
    this.port.unref();
  }

  /**
   * The process for a folder; it is started if none runs.
   * @throws Refused when nothing here can confine it.
   */
  static in(folder: string): SqliteProcess {
    const real = fs.realpathSync(folder);
    const running = SqliteProcess.running.get(real);
    if (running !== undefined && running.ended === undefined) return running;
    const problems: string[] = [];
    const outside = fs.mkdtempSync(path.join(os.tmpdir(), "pgmoor-outside-"));
    try {
      const probe = path.join(outside, "probe");
      fs.writeFileSync(probe, "", { mode: 0o600 });
      for (const way of confinements(real)) {
        const started = new SqliteProcess(real, way);
        try {
          started.handOver(real);
          if (started.call("confined", probe) === true) {
            SqliteProcess.running.set(real, started);
            return started;
          }
          problems.push(`${way.name}: it could still write outside its folder`);
        } catch (error) {
          if (!(error instanceof Ended)) throw error;
          problems.push(`${way.name}: ${error.message}`);
        }
        started.end();
      }
    } finally {
      fs.rmSync(outside, { recursive: true, force: true });
    }
    throw new Refused(
      `pgmoor opens the copy of a SQLite file only in a process that can write to nothing but its scratch folder. ` +
        `It cannot start one here (${problems.join("; ")}). Use Linux 5.13 or later with Landlock and Perl, or run as root`,
    );
  }

  /** Ends the process for a folder if there is one; whatever it has open is closed. */
  static endIn(folder: string): void {
    const real = fs.existsSync(folder) ? fs.realpathSync(folder) : folder;
    for (const [one, running] of SqliteProcess.running)
      if (one === real || one.startsWith(`${real}${path.sep}`)) running.end();
  }

  /** Has the process own what it may write: only where it is another user's. */
  handOver(...files: readonly string[]): void {
    const { user } = this.way;
    if (user === undefined) return;
    for (const file of files) if (fs.existsSync(file)) fs.lchownSync(file, user, user);
  }

  /** Counts the databases that are open: without one, the process ends in a moment. */
  count(change: 1 | -1): void {
    this.open += change;
    clearTimeout(this.idle);
    if (this.open === 0) this.idle = setTimeout(() => this.end(), idleMilliseconds).unref();
  }

  /** Asks and waits for the answer. */
  call(...call: Call): unknown {
    return this.answer(this.ask(...call));
  }

  /** Asks without waiting. @returns by which the answer is fetched. */
  ask(...call: Call): number {
    const body = v8.serialize(call);
    const frame = Buffer.allocUnsafeSlow(4 + body.length);
    frame.writeUInt32LE(body.length);
    body.copy(frame, 4);
    if (this.ended === undefined) this.port.postMessage(frame, [frame.buffer]);
    return ++this.sent;
  }

  /**
   * Waits for the answer to what was asked.
   * @throws what SQLite says, as an error called SqliteError; Ended when the process is no more.
   */
  answer(question: number): unknown {
    while (!this.answers.has(question)) this.receive();
    const answer = v8.deserialize(this.answers.get(question)!) as Answer;
    this.answers.delete(question);
    if ("value" in answer) return answer.value;
    throw errorOf(answer.error);
  }

  /**
   * Waits, while other things go on, until `answer` need not wait.
   * @returns the bytes of the answer.
   */
  async arrived(question: number): Promise<number> {
    while (!this.answers.has(question)) {
      const seen = Atomics.load(this.signal, 0);
      if (this.take()) continue;
      if (this.ended !== undefined) return 0;
      await Atomics.waitAsync(this.signal, 0, seen).value;
    }
    return this.answers.get(question)!.length;
  }

  /** Of what was asked nobody wants to know the answer. */
  forget(question: number): void {
    if (!this.answers.delete(question)) this.forgotten.add(question);
  }

  private receive(): void {
    const seen = Atomics.load(this.signal, 0);
    if (this.take()) return;
    if (this.ended !== undefined) throw new Ended(this.ended);
    Atomics.wait(this.signal, 0, seen);
  }

  /** Takes a message, if one has come. */
  private take(): boolean {
    const received: { message: unknown } | undefined = receiveMessageOnPort(this.port);
    if (received === undefined) return false;
    const message = received.message as FromPump;
    if ("ended" in message) this.ended = message.ended;
    else {
      const question = ++this.received;
      if (!this.forgotten.delete(question)) this.answers.set(question, message.frame);
    }
    return true;
  }

  private end(): void {
    clearTimeout(this.idle);
    if (SqliteProcess.running.get(this.folder) === this) SqliteProcess.running.delete(this.folder);
    this.ended ??= "ended";
    this.port.postMessage(null);
    this.port.close();
  }
}
