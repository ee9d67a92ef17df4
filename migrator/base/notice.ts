/** Tells a webhook that a task has failed. The webhook's address is a secret: no message has it. */
import { noticeFormats, type NoticeFormat } from "../../services/notices";

export interface Notice {
  /** `pgmoor: backup failed` */
  readonly title: string;
  readonly message: string;
  /** The command that failed, and the job whose task it is. */
  readonly command: string;
  readonly job: string;
}

const patienceMilliseconds = 10_000;

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Header values are Latin-1, and a message is anybody's. */
const headerText = (text: string) => text.replace(/[^\x20-\x7e]/g, "?");

const json = (value: unknown): Request => ({
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

/**
 * Sources: https://docs.ntfy.sh/publish/, https://gotify.net/docs/pushmsg,
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml (postAlerts)
 */
const requests: Readonly<Record<NoticeFormat, (notice: Notice) => Request>> = {
  ntfy: ({ title, message }) => ({
    headers: { Title: headerText(title), Priority: "high", Tags: "warning" },
    body: message,
  }),
  gotify: ({ title, message }) => json({ title, message, priority: 8 }),
  alertmanager: ({ title, message, command, job }) =>
    json([
      {
        labels: { alertname: "PgmoorTaskFailed", severity: "warning", command, job },
        annotations: { summary: title, description: message },
      },
    ]),
};

/**
 * Sends it where the environment says so; does nothing where it says nothing.
 * @returns why it could not be sent, if it could not
 */
export async function sendNotice(notice: Notice, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { PGMOOR_NOTICE_URL: url, PGMOOR_NOTICE_FORMAT: format } = env;
  if (!url) return undefined;
  if (!(noticeFormats as readonly (string | undefined)[]).includes(format))
    return `PGMOOR_NOTICE_FORMAT must be one of ${noticeFormats.join(", ")}`;
  if (!URL.canParse(url)) return "the field url of the notices' secret is not an address";
  const address = new URL(url);
  // fetch takes no login in an address.
  const login: Readonly<Record<string, string>> =
    address.username === ""
      ? {}
      : {
          Authorization: `Basic ${Buffer.from(
            `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`,
          ).toString("base64")}`,
        };
  address.username = address.password = "";
  const { headers, body } = requests[format as NoticeFormat](notice);
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { ...headers, ...login },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
    return answer.ok ? undefined : `the webhook answers HTTP ${answer.status}`;
  } catch (error) {
    const { cause, name } = error as Error & { cause?: { code?: string } };
    return `the webhook cannot be reached (${cause?.code ?? name})`;
  }
}
