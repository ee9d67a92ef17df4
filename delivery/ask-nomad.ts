/** What a delivery asks Nomad about a job. */
import { nomadApi } from "../connections/api";
import { ask, type Answer } from "../connections/ask";
import type { Environment } from "../environments/model/environment";

const patienceMilliseconds = 10_000;

export interface Asking {
  readonly nomad: Environment["nomad"];
  /** @default the environment's */
  readonly namespace?: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * @param path below `/v1/`, without a query
 * @param query what comes behind the namespace
 * @throws Error in words: no answer, or another than 200
 */
export async function askNomad(
  { nomad, namespace = nomad.namespace, env }: Asking,
  path: string,
  { method = "GET", query = "" }: { readonly method?: "GET" | "PUT"; readonly query?: string } = {},
): Promise<Answer> {
  const url = `/v1/${path}?namespace=${encodeURIComponent(namespace)}${query}`;
  const answer = await ask(nomadApi(nomad, env), url, { method, patienceMilliseconds });
  if (answer.status === undefined) throw new Error(`Nomad ${answer.why}`);
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
  return answer;
}
