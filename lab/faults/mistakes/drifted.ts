/** What somebody has changed on the servers by hand: the next deploy puts it right. */
import { databaseOf } from "../../story/context";
import { mistake } from "./mistake";

export const grantsDrifted = mistake({
  name: "grants-drifted",
  about: "somebody opens the database to every role, and takes the role's login and its connections",
  strikes: ["cutover", "adopted"],
  make: async (bench, { service }) => {
    const name = databaseOf(service);
    await bench.asAdmin("postgres", async (client) => {
      await client.query(`GRANT CONNECT ON DATABASE ${name} TO PUBLIC`);
      await client.query(`ALTER ROLE ${name} CONNECTION LIMIT 1 NOLOGIN`);
    });
  },
});

/** A copy of the database stands for the backup. */
export const databaseDropped = mistake({
  name: "database-dropped",
  about: "the database is dropped, and restored from a backup as the message says",
  strikes: ["cutover"],
  make: (bench, { service }) =>
    bench.asAdmin("postgres", async (client) => {
      const name = databaseOf(service);
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        [name],
      );
      await client.query(`CREATE DATABASE ${name}_backup TEMPLATE ${name}`);
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }),
  says: /The database \w+ is gone from the server, .*docs\/lost-state\.md/,
  cure: (bench, { service }) =>
    bench.asAdmin("postgres", async (client) => {
      const name = databaseOf(service);
      await client.query(`ALTER DATABASE ${name}_backup RENAME TO ${name}`);
      await client.query(`ALTER DATABASE ${name} OWNER TO ${name}`);
    }),
});
