/** One request to Nomad, Vault or Consul. */
import * as http from "node:http";
import * as https from "node:https";
import type { Api } from "./api";
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
  try {
    let sent = await send(api, urlOf(api, path), request);
    // A standby of Vault says where the active one is.
    for (let hops = 0; sent.elsewhere !== undefined && hops < 3; hops++)
      sent = await send(api, sent.elsewhere, request);
    const { status, bytes } = sent;
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

interface Sent extends Pick<Answer, "status" | "bytes"> {
  readonly elsewhere: URL | undefined;
}

function send(
  { headers, tls }: Api,
  url: URL,
  { body, method = body === undefined ? "GET" : "POST", patienceMilliseconds = 3_000 }: Request,
): Promise<Sent> {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => Boolean(value)));
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: {
        ...given,
        ...(text === undefined
          ? {}
          : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
      },
      // Of the whole answer, not of a pause in it.
      signal: AbortSignal.timeout(patienceMilliseconds),
    };
    const taken = (response: http.IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers: answered } = response;
        const moved = (status === 307 || status === 308) && answered.location !== undefined;
        const elsewhere = moved ? new URL(answered.location!, url) : undefined;
        resolve({ status, bytes: Buffer.concat(parts), elsewhere });
      });
    };
    const sent =
      url.protocol === "https:"
        ? https.request(url, { ...options, ...tls, agent: false }, taken)
        : http.request(url, { ...options, agent: false }, taken);
    sent.on("error", reject);
    sent.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
