import type { IncomingHttpHeaders } from "node:http";
import { send } from "../../connections/send";
import type { TlsOptions } from "../../connections/tls";
import { Fault, wordsOf } from "./protocol/fault";

/** A server with a JSON API. */
export interface Api {
  /** What people call it: `Vault`. */
  readonly name: string;
  /** `http://127.0.0.1:8200`, without a slash at the end. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of an address with `https:`. @default Node's own */
  readonly tls?: TlsOptions;
}

export interface Call {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Longest wait for the answer. @default 30 seconds */
  readonly seconds?: number;
}

/** An answer, whatever its status; `body` is parsed JSON, or the text where it is none. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Calls an API. A server that cannot be reached is a {@link Fault}; a status never is. */
export async function call(api: Api, method: string, path: string, request: Call = {}): Promise<Answer> {
  const url = new URL(api.address + path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const milliseconds = (request.seconds ?? 30) * 1000;
  const timeout = AbortSignal.timeout(milliseconds);
  const began = performance.now();
  try {
    const { status, headers, bytes } = await send(url, {
      method,
      headers: api.headers,
      body: request.body,
      tls: api.tls,
      signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
    });
    return { status, headers, body: parse(bytes.toString()) };
  } catch (error) {
    if (request.signal?.aborted) throw new Fault(`Interrupted while asking ${api.name}`);
    // The time ran out while this program was stopped, or the machine slept: nobody waited.
    const stopped = timeout.aborted && performance.now() - began > milliseconds + 1_000;
    if (stopped && method === "GET") return call(api, method, path, request);
    throw new Fault(
      `${api.name} at ${api.address} cannot be reached (${networkReason(error)})`,
      `Start it, or correct the provider's address.`,
    );
  }
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "timed out",
  UND_ERR_CONNECT_TIMEOUT: "timed out",
  UND_ERR_SOCKET: "connection closed",
};

/** Why the network failed, in words. */
export function networkReason(error: unknown): string {
  const thrown = error as { name?: unknown; cause?: unknown };
  if (thrown.name === "TimeoutError") return "timed out";
  const cause = (thrown.cause ?? error) as { errors?: unknown[] };
  // Several addresses tried: each has its own error, the first tells enough.
  const first = (cause.errors?.[0] ?? cause) as { code?: unknown };
  return (typeof first.code === "string" && reasons[first.code]) || wordsOf(first);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An address as people write it, as {@link Api.address}. */
export function trimAddress(address: string): string {
  return address.replace(/\/+$/, "");
}

/** A path of which each segment may hold anything. */
export function pathOf(...segments: string[]): string {
  return segments
    .map(
      (segment) =>
        "/" +
        segment
          .replace(/^\/+|\/+$/g, "")
          .split("/")
          .map(encodeURIComponent)
          .join("/"),
    )
    .join("");
}
