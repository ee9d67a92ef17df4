/** One request to Nomad, Vault or Consul. */
import type { Api } from "./api";
import { send } from "./send";
import { tlsTrouble } from "./tls";

export interface Answer {
  readonly status: number;
  /** JSON, or the text of a server that says no in words. */
  readonly body: unknown;
  readonly bytes: Buffer;
}

/** Nobody is there, or there is no TLS with the server. */
export interface NoAnswer {
  readonly status: undefined;
  readonly body: undefined;
  /** As a verb for the server's name. */
  readonly why: string;
}

export interface Request {
  /** @default POST with a body, GET without */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. @default none */
  readonly body?: unknown;
  /** @default 3000 */
  readonly patienceMilliseconds?: number;
}

/**
 * Whoever does not answer in time is not there.
 * @param path with its query: `/v1/jobs?namespace=default`
 */
export async function ask(api: Api, path: string, request: Request = {}): Promise<Answer | NoAnswer> {
  const { body, method = body === undefined ? "GET" : "POST", patienceMilliseconds = 3_000 } = request;
  const { headers, tls } = api;
  try {
    const { status, bytes } = await send(urlOf(api, path), {
      method,
      headers,
      body,
      tls,
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
    return { status, bytes, body: parsed(bytes.toString()) };
  } catch (error) {
    return {
      status: undefined,
      body: undefined,
      why: tlsTrouble(api.server, error) ?? "does not answer",
    };
  }
}

function urlOf({ address, query }: Api, path: string): URL {
  const url = new URL(address.replace(/\/+$/, "") + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
