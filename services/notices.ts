/** How pgmoor's tasks tell people, besides their logs. */

export const noticeFormats = ["ntfy", "alertmanager", "gotify"] as const;
export type NoticeFormat = (typeof noticeFormats)[number];

/** Where tasks tell that they failed: a backup, a restore test, a restore, a cutover, a rollback. */
export interface Notices {
  readonly format: NoticeFormat;
  /**
   * The KV v2 secret whose field `url` is the webhook, with its token: `https://ntfy.example.org/homelab`,
   * `http://alertmanager.example.org:9093/api/v2/alerts`, `https://gotify.example.org/message?token=…`.
   */
  readonly secret: string;
}

/** `json`: besides each line for people, one of JSON, for Loki. */
export const logFormats = ["text", "json"] as const;
export type LogFormat = (typeof logFormats)[number];

/** What a task of pgmoor's does besides its work. */
export interface Telling {
  /** @default its failures are in its log alone */
  readonly notices?: Notices | undefined;
  /** @default "text" */
  readonly logFormat?: LogFormat | undefined;
}
