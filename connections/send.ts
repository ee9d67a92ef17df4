/** A request over HTTP or TLS. Node's own `fetch` knows no client certificate. */
import * as http from "node:http";
import * as https from "node:https";
import type { TlsOptions } from "./tls";

export interface Sending {
  readonly method: string;
  /** Those without a value are left out. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. @default none */
  readonly body?: unknown;
  /** @default Node's own */
  readonly tls?: TlsOptions | undefined;
  /** Of the whole answer, not of a pause in it. */
  readonly signal: AbortSignal;
}

export interface Sent {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Follows a redirect: a standby of Vault says where the active one is. @throws what the network, TLS or the signal says */
export async function send(url: URL, sending: Sending): Promise<Sent> {
  let sent = await once(url, sending);
  for (let hops = 0; hops < 3; hops++) {
    const { location } = sent.headers;
    if ((sent.status !== 307 && sent.status !== 308) || location === undefined) break;
    sent = await once(new URL(location, url), sending);
  }
  return sent;
}

function once(url: URL, { method, headers, body, tls, signal }: Sending): Promise<Sent> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const sized =
    text === undefined
      ? {}
      : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)) };
  const given = Object.entries({ ...headers, ...sized }).filter(([, value]) => Boolean(value));
  // A connection of its own: none is left open when a command ends.
  const options = { method, headers: Object.fromEntries(given), signal, agent: false };
  return new Promise((resolve, reject) => {
    const taken = (response: http.IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, bytes: Buffer.concat(parts) }),
      );
    };
    const request =
      url.protocol === "https:"
        ? https.request(url, { ...options, ...tls }, taken)
        : http.request(url, options, taken);
    request.on("error", reject);
    request.end(text);
  });
}
