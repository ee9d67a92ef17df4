import type { Environment } from "./environment";

/** Names of the stacks that are no service's. */
export const ownStacks = {
  runner: "runner",
  server: "server",
  backups: "backups",
  monitoring: "monitoring",
} as const;

/** Those that an environment has. */
export function ownStacksOf({ runner, server, backups, monitoring }: Environment): string[] {
  return [
    ...(server.job === undefined ? [] : [ownStacks.server]),
    ...(backups === undefined ? [] : [ownStacks.backups]),
    ...(monitoring === undefined ? [] : [ownStacks.monitoring]),
    ...(runner === undefined ? [] : [ownStacks.runner]),
  ];
}
