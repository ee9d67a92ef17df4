import * as fs from "node:fs";
import * as path from "node:path";
import { homelab } from "../../environments/homelab";
import type { Environment } from "../../environments/model/environment";
import { validate } from "../../environments/model/validate";
import { modesOf } from "../../nomad/dsn";
import { catalogue } from "../../services/catalogue";

const folder = path.join(__dirname, "../../services");
const noServices = [
  "catalogue",
  "definition",
  "job-changes",
  "job-definition",
  "job-ports",
  "job-problems",
  "ledger",
  "monitoring",
  "notices",
  "rules",
  "server-images",
  "server-job",
  "server-services",
  "todo",
];
/** Definitions that a person, or `pgmoor adopt`, has put beside them. */
const own = /\bdefine(Job|Service)\(\{/;

test("the catalogue has every file of a service", () => {
  const files = fs
    .readdirSync(folder)
    .filter((file) => !own.test(fs.readFileSync(path.join(folder, file), "utf8")))
    .map((file) => path.basename(file, ".ts"));
  expect(catalogue).toHaveLength(files.length - noServices.length);
  expect(files).toEqual(expect.arrayContaining(noServices));
});

const movable = catalogue.filter(
  ({ source, cannotMove }) => source !== undefined && cannotMove === undefined,
);

test.each(movable.map((definition) => [definition.name, definition] as const))(
  "%s can move, on a server with and without encryption",
  (_, definition) => {
    for (const sslmode of modesOf(definition.dsn)) {
      const ca = sslmode.startsWith("verify") ? { caFile: path.join(__dirname, "catalogue.test.ts") } : {};
      const environment: Environment = {
        ...homelab,
        server: { ...homelab.server, sslmode, ...ca },
        services: [{ definition, phase: "cutover", existing: ["job"] }],
      };
      // It says what is wrong with the certificate's file, which is none, and nothing else.
      const problems = (() => {
        try {
          validate(environment);
          return [];
        } catch (error) {
          return (error as Error).message.split("\n").filter((line) => !line.includes("caFile"));
        }
      })();
      expect(problems).toEqual([]);
    }
  },
);
