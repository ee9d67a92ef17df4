import type { Answer } from "../survey/http";

/** Why an answer tells nothing, as a verb for the server's name; nothing: it does. @param token what was shown to the server */
export function troubleOf(answer: Answer | undefined, token: string): string | undefined {
  if (answer === undefined) return "does not answer";
  if (answer.status === 403) return `refuses ${token}`;
  return answer.status === 200 ? undefined : `answers with HTTP ${answer.status}`;
}
