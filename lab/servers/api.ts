import { send } from "../../connections/send";
import { accessTo } from "./access";

/** One call of a server's JSON API. */
export interface ApiCall {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  /** Sent as JSON. @default none */
  readonly body?: unknown;
  /** @default none */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is no success. The message says which call it was and what the server said. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Calls a JSON API; an answer without content is undefined. Every call ends within 10 s. */
export async function call<T = unknown>(url: string, options: ApiCall = {}): Promise<T> {
  const text = await callForText(url, options);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Likewise, of an API that answers with text. */
export async function callForText(
  address: string,
  { method = "GET", body, headers }: ApiCall = {},
): Promise<string> {
  const url = new URL(address);
  const access = accessTo(url);
  for (const [name, value] of Object.entries(access?.query ?? {}))
    if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  const { status, bytes } = await send(url, {
    method,
    headers: { ...access?.headers, ...headers },
    body,
    tls: access?.tls,
    signal: AbortSignal.timeout(10_000),
  });
  const text = bytes.toString();
  if (status < 200 || status > 299)
    throw new ApiError(status, `${method} ${address}: ${status} ${text.trim()}`);
  return text;
}
