/** The programs of the lab's servers, and what is asked of them. */

import { oldest as oldestServers } from "../../survey/versions";

/** The oldest version of each that will do, where it is installed. */
export const oldest = {
  consul: oldestServers.Consul,
  nomad: oldestServers.Nomad,
  vault: oldestServers.Vault,
  // Write-only arguments, which keep passwords out of the state.
  terraform: "1.11.0",
} as const;

export type ProgramName = keyof typeof oldest;
export const programNames = Object.keys(oldest) as ProgramName[];

/** What only some labs and tests need: restic keeps the backups, versitygw is an S3 server, OpenTofu takes Terraform's place. */
export type ToolName = "restic" | "versitygw" | "prometheus" | "promtool" | "opentofu";

/** A program, ready to start. */
export interface Program {
  readonly name: ProgramName;
  /** What takes its place. @default nothing */
  readonly fork?: "opentofu" | "openbao";
  readonly file: string;
  /** As the program itself says: `1.11.2`. */
  readonly version: string;
  /** `path`: installed by the user; `cache`: built by an earlier run; `built`: built just now. */
  readonly from: "path" | "cache" | "built";
}

export interface FindOptions {
  /** Called with a line for the person who waits, while a program is built. */
  readonly progress: (line: string) => void;
  /** Where `PATH` and `PGMOOR_CACHE` are read. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}
