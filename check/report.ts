/** What `pgmoor check` finds. Its `--json` prints this. */

export interface CheckReport {
  readonly pgmoor: "check";
  readonly environment: string;
  /** When it was asked, ISO 8601, in UTC. */
  readonly asked: string;
  /** What would make a deploy fail, or a service not start again. */
  readonly problems: readonly Finding[];
  /** What a deploy would change, and what a rehearsal has shown. */
  readonly notes: readonly Finding[];
  /** What could not be checked, and why. */
  readonly notChecked: readonly { readonly probe: string; readonly why: string }[];
}

export interface Finding {
  /** Whom it is about; `null`: all of them. */
  readonly service: string | null;
  /** Which probe found it. */
  readonly probe: string;
  /** What is wrong, and what to do. */
  readonly what: string;
}
