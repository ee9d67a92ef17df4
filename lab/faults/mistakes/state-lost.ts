import * as fs from "node:fs/promises";
import { mistake, words } from "./mistake";

export const stateLost = mistake({
  name: "state-lost",
  about: "Terraform's state is gone, as on a second laptop; the service is taken over as the message says",
  strikes: ["cutover"],
  make: async ({ deployment }, { service }) => {
    await deployment.edit([service.name], words("job"));
    await fs.rm(deployment.stateFile(service.name));
  },
  says: /The secret secret\/postgres\/\w+, the role \w+ and the database \w+ already exist, .*write existing: \["job","secret","database"\]/,
  cure: async ({ deployment }, { service }) =>
    void (await deployment.edit([service.name], words("job", "secret", "database"))),
});
