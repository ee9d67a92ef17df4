/** The versions of the servers that pgmoor works with. docs/versions.md says what each is needed for, and which were run. */

/** The oldest of each, major and minor. */
export const oldest = { Nomad: "1.8", Vault: "1.15", Consul: "1.15", PostgreSQL: "15" } as const;

/** A server that runs. */
export interface Running {
  readonly server: keyof typeof oldest;
  /** With its place or name, as a sentence begins with it: `The Nomad client vm1`. */
  readonly what: string;
  /** In its own words: `1.7.3`, `1.19.5+ent`, `16.4 (Debian 16.4-1)`. */
  readonly version: string;
}

/** Why nothing may be deployed with these servers: a sentence for each that is too old. One without a number is let by. */
export function tooOld(running: readonly Running[]): string[] {
  return running
    .filter(({ server, version }) => isOlder(version, oldest[server]))
    .map(
      ({ server, what, version }) =>
        `${what} has version ${version}, and pgmoor needs ${server} ${oldest[server]} or later (docs/versions.md). Upgrade it, then deploy again.`,
    );
}

function isOlder(version: string, than: string): boolean {
  const [have, need] = [version, than].map((text) => /^v?(\d+)(?:\.(\d+))?/.exec(text));
  if (!have || !need) return false;
  const major = Number(have[1]) - Number(need[1]);
  return major < 0 || (major === 0 && Number(have[2] ?? 0) < Number(need[2] ?? 0));
}
