/** What pgmoor asks before a plan, of real servers: the versions that their programs say. */
import { runningServers } from "../../survey/running";
import type { Stage } from "./context";
import { expectThat } from "./expectations";

export async function askVersions({ lab, say }: Stage): Promise<void> {
  const { nomad, vault, consul } = lab;
  const running = await runningServers(
    {
      nomad: { address: nomad.address, datacenter: "dc1", namespace: "default" },
      vault: { address: vault.address, mount: "secret", jwtAuth: "jwt-nomad", audience: "vault.io" },
      consul,
    },
    {},
  );
  const found = running.map(({ server, version }) => `${server} ${version}`).sort();
  const wanted = [
    `Consul ${consul.version}`,
    // Its server and its client.
    `Nomad ${nomad.version}`,
    `Nomad ${nomad.version}`,
    `Vault ${vault.version}`,
  ];
  expectThat(
    found.join() === wanted.join(),
    `the servers are ${wanted.join(", ")}; pgmoor found ${found.join(", ")}`,
  );
  say(`versions: ${[...new Set(found)].join(", ")}`);
}
