import { homelab } from "../../environments/homelab";
import { noticesStop } from "../../survey/notices";
import type { Secret } from "../../survey/vault";

const service = homelab.services[0]!;
const environment = { ...homelab, notices: { format: "ntfy", secret: "notices" } } as const;
const stop = (secret: Secret) => noticesStop(environment, service, secret);

test("a move does not begin without the webhook's address, and the message says what to do", () => {
  for (const secret of [
    { presence: "absent", data: {} },
    { presence: "deleted", data: {} },
    { presence: "present", data: { uri: "https://ntfy.example.org" } },
  ] as const)
    expect(stop(secret)).toBe(
      "The secret secret/notices of the notices has no field url, and the tasks that move vaultwarden would wait for it while the service is down. Run `vault kv put -mount=secret notices url=…`, or remove notices from the environment.",
    );
});

test("it begins with it, while nobody can tell, and without notices", () => {
  expect(stop({ presence: "present", data: { url: "https://ntfy.example.org" } })).toBeUndefined();
  expect(stop({ presence: "unknown", data: {} })).toBeUndefined();
  expect(noticesStop(homelab, service, { presence: "absent", data: {} })).toBeUndefined();
});
