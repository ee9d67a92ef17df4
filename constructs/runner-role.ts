/** Name of the runner's policy and of its JWT role. */
export function runnerRole(what: "plan" | "deploy"): string {
  return `runner-pgmoor-${what}`;
}
