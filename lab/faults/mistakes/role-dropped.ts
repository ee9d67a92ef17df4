import { databaseOf } from "../../story/context";
import { mistake, rotate } from "./mistake";

/** Whom somebody gave the tables to, so that the role could be dropped. */
const keeper = "keeper";

export const roleDropped = mistake({
  name: "role-dropped",
  about: "the role is dropped, and its tables are given to another role",
  strikes: ["cutover"],
  make: async (bench, { service }) => {
    const name = databaseOf(service);
    await bench.asAdmin(name, async (client) => {
      await client.query(`CREATE ROLE ${keeper}`);
      await client.query(`REASSIGN OWNED BY ${name} TO ${keeper}`);
      await client.query(`DROP OWNED BY ${name}`);
      await client.query(`DROP ROLE ${name}`);
    });
  },
  says: /The role \w+ is gone from the server, .*docs\/lost-state\.md/,
  cure: async (bench, subject) => {
    const name = databaseOf(subject.service);
    await bench.asAdmin(name, async (client) => {
      await client.query(`CREATE ROLE ${name} LOGIN`);
      await client.query(`REASSIGN OWNED BY ${keeper} TO ${name}`);
      await client.query(`DROP ROLE ${keeper}`);
    });
    await rotate(bench, subject);
  },
});
