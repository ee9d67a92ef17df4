/** Calls that change something: of Nomad, and of Vault. */
import type { Api } from "../../connections/api";
import { ask } from "../../connections/ask";

/** @throws Error in words for people: no answer, or another than 2xx */
export async function call(
  api: Api,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<string> {
  const answer = await ask(api, path, { method, body, patienceMilliseconds: 10_000 });
  if (answer.status === undefined) throw new Error(`${api.server} ${answer.why}`);
  const text = answer.bytes.toString();
  if (answer.status < 300) return text;
  const words = text.replace(/\s+/g, " ").trim().slice(0, 300);
  const why = answer.status === 403 ? "this token may not" : `HTTP ${answer.status}${words && `: ${words}`}`;
  throw new Error(`${api.server} refuses ${method} ${path.replace(/\?.*/, "")}: ${why}`);
}
