/** Calls that change something: of Nomad, and of Vault. */
export interface Called {
  readonly status: number;
  readonly text: string;
}

const patienceMilliseconds = 10_000;

/** @throws Error in words for people: no answer, or another than 2xx */
export async function call(
  server: "Nomad" | "Vault",
  method: "GET" | "POST" | "DELETE",
  url: string,
  headers: Readonly<Record<string, string | undefined>>,
  body?: unknown,
): Promise<string> {
  const given = Object.entries(headers).filter((one): one is [string, string] => Boolean(one[1]));
  const answer = await fetch(url, {
    method,
    headers: Object.fromEntries(given),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patienceMilliseconds),
  }).catch(() => undefined);
  if (answer === undefined) throw new Error(`${server} does not answer`);
  const text = await answer.text();
  if (answer.ok) return text;
  const words = text.replace(/\s+/g, " ").trim().slice(0, 300);
  const why = answer.status === 403 ? "this token may not" : `HTTP ${answer.status}${words && `: ${words}`}`;
  throw new Error(`${server} refuses ${method} ${new URL(url).pathname}: ${why}`);
}
