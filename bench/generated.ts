/** What main.ts does, with as many services as the first argument says: half of them moving, half on their source. */
import { Port } from "../nomad/port";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../environments/model/environment";
import { homelab } from "../environments/homelab";
import { validate } from "../environments/model/validate";
import { vaultwarden } from "../services/vaultwarden";
import { synthesizeStacks } from "../stacks/synthesize";

const count = Number(process.argv[2]);
const environment: Environment = {
  ...homelab,
  name: "generated",
  server: { ...homelab.server, maxConnections: 20 * count + 100 },
  services: Array.from({ length: count }, (_, index) => ({
    definition: { ...vaultwarden, name: `service-${index}`, port: Port.onHost(10_000 + index) },
    phase: index % 2 === 0 ? "prepared" : "cutover",
    existing: ["job"],
  })),
};
synthesizeStacks(
  validate(environment),
  readFileSync(join(__dirname, "../migrator/peer/task-wrapper.sh"), "utf8"),
);
