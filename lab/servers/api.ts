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
export async function call<T = unknown>(url: string, { method, body, headers }: ApiCall = {}): Promise<T> {
  const response = await fetch(url, {
    method: method ?? "GET",
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new ApiError(response.status, `${method ?? "GET"} ${url}: ${response.status} ${text.trim()}`);
  }
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
