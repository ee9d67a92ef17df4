import { call } from "../servers/api";
import type { Lab } from "../servers/lab";
import { asService, databaseOf } from "../story/context";
import type { Fault } from "./fault";
import { standings, type Subject } from "./subjects";

/** Each service gets a new password by one deploy. Those that log in with it restart. */
export const rotation: Fault = {
  name: "rotation",
  about: "the password is rotated (passwordVersion) by one deploy",
  strikes: standings,
  silentForSeconds: 5,
  async inject(bench, struck) {
    const before = await Promise.all(struck.map((subject) => secretVersion(bench.lab, subject)));
    for (const [at, { service }] of struck.entries())
      await bench.deployment.edit([service.name], { passwordVersion: before[at]! + 1 });
    await bench.deploy(struck);
    for (const [at, subject] of struck.entries()) {
      if ((await secretVersion(bench.lab, subject)) === before[at])
        throw new Error(`${subject.service.name} has no new password in Vault`);
      // With the password that Vault has: so the role has it, too.
      await asService(bench.lab, subject.service, (client) => client.query("SELECT 1"));
    }
  },
};

/** How often Vault has been given a password for the service. */
export async function secretVersion({ vault }: Lab, { service }: Subject): Promise<number> {
  const { data } = await call<{ data: { current_version: number } }>(
    `${vault.address}/v1/secret/metadata/postgres/${databaseOf(service)}`,
    { headers: { "X-Vault-Token": vault.token } },
  );
  return data.current_version;
}
