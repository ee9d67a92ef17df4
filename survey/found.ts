/** What the servers have of a service. */
import type { Moved } from "./moved";

export interface Found {
  /** `deleted`: its newest version is, so nobody can read it. `unknown`: nobody could look. */
  readonly secret: "present" | "deleted" | "absent" | "unknown";
  /** When its newest version was written; absent where nobody could tell. */
  readonly secretWritten?: Date | undefined;
  readonly role: Presence;
  readonly database: Presence;
  /** The role that owns the database. Absent: there is none, or nobody could look. */
  readonly owner?: string | undefined;
  /** A job that somebody stopped is absent. */
  readonly job: Presence;
  /** Whether the job that runs is on the server. Absent: nobody could look. */
  readonly onServer?: boolean;
  /** Whether the password in Vault is the role's. */
  readonly login: "works" | "refused" | "unknown";
  /** Whether the role is gone, and its database has tables, which are another's then. */
  readonly orphaned: boolean;
  /** A service that is to go back to its source, or has no job, and whose move is confirmed. Absent: it is not, or nobody could look. */
  readonly moved?: Moved | undefined;
}

export type Presence = "present" | "absent" | "unknown";

export const unseen: Found = {
  secret: "unknown",
  role: "unknown",
  database: "unknown",
  job: "unknown",
  login: "unknown",
  orphaned: false,
};
