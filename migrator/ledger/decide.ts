/**
 * What an attempt has come to.
 *
 * - `started`: an attempt began; nothing of it is in the app's tables.
 * - `copied`: the copy is committed; nobody has seen the app use it. The next try copies anew, unless the source is
 *   unchanged since and the target was written: then the target holds all of the source and more, and is kept.
 * - `confirmed`: the app has used the copied data. Only this means done.
 * - `rolling-back`: a rollback has put the source in order, and the app may have been started on it; it has not answered there
 *   yet. If it never does, Nomad puts the job back on the server.
 * - `rolled-back`: the job went back to its source after `copied`, or a person undid it.
 */
export type State = "started" | "copied" | "confirmed" | "rolling-back" | "rolled-back";

/** What a cutover finds before it touches anything, unless the last attempt is confirmed: it looks at nothing then. */
export interface Findings {
  /** State of the last attempt; absent in a database without a ledger. */
  readonly last: Exclude<State, "confirmed"> | undefined;
  /** The source; held against what was recorded only where that matters, else `changed` when it is there. */
  readonly source: "unchanged" | "changed" | "absent";
  /** `copied` only: the app's tables are no longer as they were copied. */
  readonly targetWritten: boolean;
  /** `rolling-back` only: the server's rows were to be discarded. */
  readonly discards?: boolean;
  /** Whether any table of the app holds a row, its migration tables aside, or was written since the copy. */
  readonly targetHasRows: boolean;
}

/** What to do about it; `why` is written for the person who reads the task's log. */
export type Decision =
  | { readonly act: "skip"; readonly why: string }
  | { readonly act: "refuse"; readonly why: string }
  /** A rollback did not get to its end: it is `confirmed` again, and the app goes on on the server. */
  | { readonly act: "return"; readonly why: string }
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
    "the app was confirmed on the server, so the source is ignored. To copy the source again anyway, run " +
    "`pgmoor-migrator ledger --roll-back` and then the cutover. It dumps the server's rows into the snapshots folder, and " +
    "then replaces them",
};

/** The rule of the cutover's first step, for an attempt that is not confirmed. */
export function decide({ last, source, targetWritten, discards = false, targetHasRows }: Findings): Decision {
  // The server has had no rows since. Whether the source has, matters where it has all of the server's as well.
  if (last === "rolling-back" && (discards || source !== "changed")) {
    return {
      act: "return",
      why:
        "a rollback did not finish: the app has not answered on its source. It stays on the server, with all of the " +
        "server's rows" +
        (discards ? ". What it may have written to its source in the meantime is not on the server" : ""),
    };
  }
  if (source === "absent") {
    return {
      act: "refuse",
      why: "the source was not found, and no attempt was confirmed: there is nothing to copy. Check the path and the volume, or the URL",
    };
  }
  if (last === undefined) {
    if (targetHasRows) {
      return {
        act: "refuse",
        why:
          "the app's tables in the target already have rows, and the ledger has no attempt: pgmoor did not write them. " +
          "Empty them, or give the service an empty database. By hand, --replace dumps and replaces them",
      };
    }
    return { act: "copy", rescue: false, why: "first attempt" };
  }
  if (last === "copied" && source === "unchanged" && targetWritten) {
    return {
      act: "keep",
      why:
        "the last attempt was copied but not confirmed. Since then the app has written to the server and not to its " +
        "source. The server's rows are kept, and confirm decides. To copy the source again anyway, run " +
        "`pgmoor-migrator ledger --roll-back` and then the cutover again",
    };
  }
  const why = {
    started: "the last attempt did not finish",
    copied: "the last attempt was copied, and the job went back to its source before the app was confirmed",
    "rolling-back":
      "a rollback did not finish, and the app has written to its source since then. The source has all the server's rows",
    "rolled-back": "the last attempt was rolled back",
  }[last];
  return { act: "copy", rescue: targetHasRows, why };
}
