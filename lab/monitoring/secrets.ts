/** Looks for passwords and keys in every metric, rule, dashboard and notice, and in everything that was written. */
import { readSecret } from "../story/context";
import { expectThat } from "../story/expectations";
import { filesBelow, findSecrets, type Haystack } from "../story/leaks";
import type { WatchedGround } from "./ground";

/** The tasks' folders for secrets are kept in memory; data are data; `state.db` is root's. */
const elsewhere = new Set(["secrets", "private", "volumes", "objects", "metadata", "state.db", "vault"]);

/** @returns how many places hold one */
export async function searchForSecrets(ground: WatchedGround): Promise<number> {
  const { lab, s3, services, moved, webhook, nomad, say } = ground;
  const secrets: Record<string, string> = {
    s3: s3.secretKey,
    webhook: webhook.token,
  };
  const names = ["admin", "backup_key", "pgmoor_monitoring", moved.name, ...services.map(({ name }) => name)];
  for (const name of names) secrets[name] = (await readSecret(lab, `postgres/${name}`)).password!;
  const metrics = Buffer.from(await ground.metrics());
  expectThat(metrics.includes("pgmoor_service_up"), "the metrics should be there to be searched");
  const places = async function* (): AsyncGenerator<Haystack> {
    yield { where: "the metrics", bytes: metrics };
    yield { where: "the notices", bytes: Buffer.from(webhook.bodies.join("\n")) };
    yield { where: "the job", bytes: Buffer.from(await nomad.versions("pgmoor-monitoring")) };
    // Prometheus's data, rules and dashboard among them.
    yield* filesBelow(lab.directory, elsewhere);
  };
  const { findings, searched } = await findSecrets(places(), secrets);
  expectThat(
    findings.length === 0,
    `${findings.length} places hold a password or a key`,
    findings.map(({ where, secret }) => `${where}: ${secret}`).join("\n"),
  );
  say(`${Object.keys(secrets).length} passwords, keys and addresses in none of ${searched} places`);
  return findings.length;
}
