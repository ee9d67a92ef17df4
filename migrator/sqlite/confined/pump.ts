/** A thread that talks to the process with SQLite, so that the main thread can wait for an answer where it stands. */
import type * as ChildProcess from "node:child_process";
import type { MessagePort } from "node:worker_threads";

/** What the thread is given. */
export interface PumpData {
  readonly port: MessagePort;
  /** Raised by one with every message: what the main thread waits for. */
  readonly signal: Int32Array;
  readonly command: string;
  readonly args: readonly string[];
  readonly options: ChildProcess.SpawnOptions;
}

/** What comes from the thread: an answer, or that there will be none any more. */
export type FromPump = { readonly frame: Uint8Array } | { readonly ended: string };

/** Its text is what the thread runs: it names nothing outside of itself. */
export function pump({ spawn }: typeof ChildProcess, data: PumpData): void {
  const { port, signal, command, args, options } = data;
  const tell = (message: FromPump, transfer: ArrayBuffer[] = []) => {
    port.postMessage(message, transfer);
    Atomics.add(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  const child = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  // Only the last words: what the library prints when it aborts may quote the file.
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString("latin1")).slice(-400)));
  child.on("error", ({ message }) => tell({ ended: message }));
  child.on("close", (code, signalName) => {
    tell({ ended: signalName ?? (words.trim() || `exit code ${code}`) });
  });
  child.stdin.on("error", () => undefined);

  // Frames out of chunks: four bytes of length, and so many bytes.
  const head = new Uint8Array(4);
  let headFilled = 0;
  let frame: Uint8Array<ArrayBuffer> | undefined;
  let filled = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length;) {
      if (frame === undefined) {
        head[headFilled++] = chunk[at++]!;
        if (headFilled < 4) continue;
        frame = new Uint8Array(new DataView(head.buffer).getUint32(0, true));
        filled = headFilled = 0;
      }
      const part = chunk.subarray(at, at + frame.length - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < frame.length) continue;
      tell({ frame }, [frame.buffer]);
      frame = undefined;
    }
  });
  port.on("message", (message: Uint8Array | null) => {
    if (message === null) {
      child.kill("SIGKILL");
      port.close();
    } else child.stdin.write(message);
  });
}
