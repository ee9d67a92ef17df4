import { databaseOf, readSecret } from "../../story/context";
import { writeSecret } from "../../servers/vault";
import { mistake, rotate, vaultOf } from "./mistake";

export const secretDeleted = mistake({
  name: "secret-deleted",
  about: "the secret's newest version is deleted in Vault (vault kv delete)",
  strikes: ["cutover", "adopted"],
  make: async (bench, { service }) =>
    void (await vaultOf(bench, "DELETE", `data/postgres/${databaseOf(service)}`)),
  says: /The newest version of the secret secret\/postgres\/\w+ was deleted in Vault: .*vault kv undelete -versions=N/,
  cure: async (bench, { service }) => {
    const path = `postgres/${databaseOf(service)}`;
    const { data } = (await vaultOf(bench, "GET", `metadata/${path}`)) as {
      data: { current_version: number };
    };
    await vaultOf(bench, "POST", `undelete/${path}`, { versions: [data.current_version] });
  },
});

export const secretOverwritten = mistake({
  name: "secret-overwritten",
  about: "somebody writes another password into the secret (vault kv put)",
  strikes: ["cutover", "adopted"],
  make: async ({ lab }, { service }) => {
    const path = `postgres/${databaseOf(service)}`;
    await writeSecret(lab.vault, path, { ...(await readSecret(lab, path)), password: "typed in by hand" });
  },
  says: /The password in secret\/postgres\/\w+ is not the one of the role \w+: .*set passwordVersion to \d+/,
  cure: rotate,
});
