import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Deadline } from "../base/deadline";
import { Failed } from "../base/errors";

/** What migrate asks of the schema task. */
type Verb = "skip" | "build" | "stop" | "abort";

/** The task at the other end, as messages speak of it. */
export interface Peer {
  /** Its name. */
  readonly task: "schema" | "source" | "server";
  /** What it means when its program ends too early. */
  readonly ended: string;
  /** What it means when the deadline passes while its program runs. */
  readonly late: string;
}

/** The app's image, which builds its schema. */
export const schemaTask: Peer = {
  task: "schema",
  ended: "the app's image did not build its schema",
  late: "the app did not become healthy within the deadline while it built its schema",
};
/** The embedded server, on a copy of its data. */
export const sourceTask: Peer = {
  task: "source",
  ended: "the embedded server did not start on the copy of its data, or stopped",
  late: "the copy did not finish within the deadline",
};

/**
 * Migrate's side of the meeting with `task-wrapper.sh`, over files in the allocation's shared directory (see there).
 * The wrapper's nonce and the attempt go with every word, so that files of an earlier run are never acted on.
 */
export class Exchange {
  private readonly folder: string;
  private readonly attempt: string;
  private nonce: string | undefined;
  private sent = "";
  private aborted = false;

  /**
   * @param allocation NOMAD_ALLOC_DIR.
   * @param attempt of the ledger; goes with every request, made unique to this run.
   */
  constructor(
    allocation: string,
    attempt: number,
    private readonly deadline: Deadline,
    private readonly peer: Peer,
  ) {
    this.attempt = `${attempt}.${randomBytes(8).toString("hex")}`;
    this.folder = path.join(allocation, "pgmoor");
    fs.mkdirSync(this.folder, { recursive: true });
    // The other task may run as another user and moves files into here.
    try {
      fs.chmodSync(this.folder, 0o777);
    } catch {
      // The other task made it, just as open.
    }
    fs.rmSync(path.join(this.folder, "request"), { force: true });
  }

  private readonly noReport = () =>
    `the ${this.peer.task} task did not report within the deadline. It did not start, or it hangs. See its log`;

  /** Tells the task that there is nothing to do, and waits until it has understood. */
  async skip(): Promise<void> {
    await this.deadline.until(() => {
      this.send("skip");
      return this.answer() === undefined ? undefined : true;
    }, this.noReport);
  }

  /** Tells the task to fail, if it is there; waits no longer than it takes a live one to end its program. */
  async abort(): Promise<void> {
    this.aborted = true;
    const patience = this.nonce === undefined ? 1 : 15;
    const heard = () => {
      this.send("abort");
      return this.answer() === undefined ? undefined : true;
    };
    await new Deadline(patience).until(heard, this.noReport).catch(() => undefined);
  }

  /**
   * Has the task run its program, and returns when that has done its work and is no longer running.
   * @param ready for a program that does not end by itself: asked until it is true, then the program is stopped.
   * @throws Failed when the program fails or the deadline passes.
   */
  async build(ready?: () => Promise<boolean>): Promise<void> {
    let verb: Verb = "build";
    let nonce: string | undefined;
    await this.deadline.until(
      async () => {
        const answer = this.answer();
        if (answer?.[0] === "built") return true;
        if (answer !== undefined) {
          throw new Failed(
            `${this.peer.ended}: exit code ${answer[1] ?? "?"}. See the log of the ${this.peer.task} task`,
          );
        }
        // The hello taken before may have been an earlier run's: a new nonce is asked from the start.
        if (this.hello() !== nonce) {
          nonce = this.hello();
          verb = "build";
        } else if (verb === "build" && nonce !== undefined && (await ready?.()) === true) verb = "stop";
        this.send(verb);
        return undefined;
      },
      () =>
        nonce === undefined || ready === undefined || verb === "stop"
          ? this.noReport()
          : `${this.peer.late}; see the log of the ${this.peer.task} task`,
    );
  }

  private read(name: string): string[] {
    try {
      return fs.readFileSync(path.join(this.folder, name), "utf8").trim().split(" ");
    } catch {
      return [];
    }
  }

  private hello(): string | undefined {
    return this.read("schema.hello")[0] || undefined;
  }

  /** The words after nonce and attempt, when the answer is meant for us. */
  private answer(): string[] | undefined {
    const [nonce, attempt, ...words] = this.read("schema.answer");
    return nonce === this.nonce && attempt === this.attempt ? words : undefined;
  }

  /** Writes the request once for each wrapper and verb, if there is a wrapper. */
  private send(verb: Verb): void {
    const nonce = this.hello();
    // A build that is given up may still be asking.
    if (nonce === undefined || (this.aborted && verb !== "abort")) return;
    this.nonce = nonce;
    const request = `${nonce} ${this.attempt} ${verb}\n`;
    if (request === this.sent) return;
    const temporary = path.join(this.folder, `request.${randomBytes(8).toString("hex")}`);
    fs.writeFileSync(temporary, request, { mode: 0o644 });
    fs.renameSync(temporary, path.join(this.folder, "request"));
    this.sent = request;
  }
}

/**
 * Waits until the URL answers 2xx.
 * @param late what it means that it does not, given what it answered last.
 * @param every milliseconds between two requests. Default 50.
 * @throws Failed with that text at the deadline.
 */
export async function answersWell(
  url: string,
  deadline: Deadline,
  late: (last: string) => string,
  every?: number,
): Promise<void> {
  let last = "not asked yet";
  await deadline.until(
    async () => {
      const answer = await probe(url);
      if (answer !== true) last = answer;
      return answer === true || undefined;
    },
    () => late(last),
    every,
  );
}

/** Whether the URL answers 2xx now, without following redirects. Answers what it saw otherwise. */
export async function probe(url: string): Promise<true | string> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok ? true : `HTTP ${response.status}`;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string; message?: string } };
    return cause?.code ?? cause?.message ?? (error as Error).message;
  }
}
