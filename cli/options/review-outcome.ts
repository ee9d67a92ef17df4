/** What `review` prints and ends with. */
export const formats = ["markdown", "text", "json"] as const;
export type Format = (typeof formats)[number];

/** The review failed by its policy: nothing is wrong with the command. */
export const failedByPolicy = 1;
