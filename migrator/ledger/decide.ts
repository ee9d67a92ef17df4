/**
 * What an attempt has come to.
 *
 * - `started`: an attempt began; nothing of it is in the app's tables.
 * - `copied`: the copy is committed; nobody has seen the app use it. The next try copies anew, unless the source is
 *   unchanged since and the target was written: then the target holds all of the source and more, and is kept.
 * - `confirmed`: the app has used the copied data. Only this means done.
 * - `rolled-back`: the job went back to its source after `copied`, or a person undid it.
 */
export type State = "started" | "copied" | "confirmed" | "rolled-back";

/** What a cutover finds before it touches anything, unless the last attempt is confirmed: it looks at nothing then. */
export interface Findings {
  /** State of the last attempt; absent in a database without a ledger. */
  readonly last: Exclude<State, "confirmed"> | undefined;
  /** The source; held against what was recorded only where that matters, else `changed` when it is there. */
  readonly source: "unchanged" | "changed" | "absent";
  /** `copied` only: the app's tables are no longer as they were copied. */
  readonly targetWritten: boolean;
  /** Whether any table of the app holds a row, its migration tables aside, or was written since the copy. */
  readonly targetHasRows: boolean;
}

/** What to do about it; `why` is written for the person who reads the task's log. */
export type Decision =
  | { readonly act: "skip"; readonly why: string }
  | { readonly act: "refuse"; readonly why: string }
  /** The copy was made and never confirmed: it stays `copied`, for `confirm` to confirm. */
  | { readonly act: "keep"; readonly why: string }
  /** `rescue`: the target holds rows that the copy replaces; they are dumped first. */
  | { readonly act: "copy"; readonly rescue: boolean; readonly why: string };

/**
 * Once confirmed, the server is the truth, whatever has become of the source: nobody is there to decide when the job starts
 * anew at night, and the service has to be. A source that has changed is told of by `watchSource`, while the app runs.
 */
export const confirmed: Decision = {
  act: "skip",
  why:
    "the app was confirmed on the server: it runs there, and the source is not looked at. To copy the source anew all the " +
    "same, run `pgmoor-migrator ledger --roll-back`, and then the cutover again: what the server holds is dumped into the " +
    "snapshots folder first, then replaced",
};

/** The rule of the cutover's first step, for an attempt that is not confirmed. */
export function decide({ last, source, targetWritten, targetHasRows }: Findings): Decision {
  if (source === "absent") {
    return {
      act: "refuse",
      why: "the source is not there, and no attempt was confirmed: there is nothing to copy. Check the path and the volume, or the URL",
    };
  }
  if (last === undefined) {
    if (targetHasRows) {
      return {
        act: "refuse",
        why:
          "the app's tables in the target hold rows, and no attempt of ours is recorded: they are not ours to replace. " +
          "Empty them, or give the service an empty database; by hand, --replace dumps and replaces them",
      };
    }
    return { act: "copy", rescue: false, why: "first attempt" };
  }
  if (last === "copied" && source === "unchanged" && targetWritten) {
    return {
      act: "keep",
      why:
        "the last attempt was copied and never confirmed; the app has written to the server since, and nothing to its " +
        "source. What the server holds is kept, and confirm decides. To copy the source anew all the same, run " +
        "`pgmoor-migrator ledger --roll-back` and then the cutover again",
    };
  }
  const why = {
    started: "the last attempt did not get to the end",
    copied: "the last attempt was copied, and the job went back to its source before the app was confirmed",
    "rolled-back": "the last attempt was rolled back",
  }[last];
  return { act: "copy", rescue: targetHasRows, why };
}
