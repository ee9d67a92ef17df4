import type { Answer, NoAnswer } from "../connections/ask";

/** Why an answer tells nothing, as a verb for the server's name; nothing: it does. @param token what was shown to the server */
export function troubleOf(answer: Answer | NoAnswer, token: string): string | undefined {
  if (answer.status === undefined) return answer.why;
  if (answer.status === 403) return `refuses ${token}`;
  return answer.status === 200 ? undefined : `answers with HTTP ${answer.status}`;
}
