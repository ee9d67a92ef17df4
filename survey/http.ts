/** Reads JSON from Vault, Consul and Nomad. Whoever does not answer in time is not there: Terraform says it at the plan. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const patienceMilliseconds = 3_000;

/**
 * @param body sent as JSON, to where a question has one @default none
 * @returns undefined when there is no answer
 */
export async function read(
  url: string,
  headers: Readonly<Record<string, string | undefined>>,
  body?: unknown,
): Promise<Answer | undefined> {
  const given = Object.entries(headers).filter((one): one is [string, string] => Boolean(one[1]));
  try {
    const answer = await fetch(url, {
      headers: Object.fromEntries(given),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text) };
  } catch {
    return undefined;
  }
}

/** JSON, or the text of a server that says no in words. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
