import * as fs from "node:fs";
import * as path from "node:path";
import { Program } from "../cli/program";
import { Cleanup, Database, writeSqlite } from "../migrator/support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(60_000);

/** The section's blocks, from its heading to the next. */
const page = fs.readFileSync(path.resolve(__dirname, "../../docs/move-by-hand.md"), "utf8");
const [, section = ""] = /^## Move a SQLite file\n([\s\S]*?)^##/m.exec(page) ?? [];
const blocks = [...section.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```/gm)].map(
  ([, indent, language, text]) => ({
    language: language!,
    text: text!.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }),
);

/** What differs from one run to the next. */
const normal = (text: string): string =>
  text
    .replaceAll(/\d+\.\d+ s\b/g, "N s")
    .replaceAll(/"(bytes|seconds)":[\d.]+/g, '"$1":N')
    .replaceAll(/"snapshot":"[^"]*\/pgmoor-snapshots\/attempt-1-\w+"/g, '"snapshot":"FOLDER"');

/** As Uptime Kuma's database: 6000 heartbeats, of which 194 have no ping, and 25 tables more with a row each. */
const others = Array.from({ length: 25 }, (_, number) => `other_${number}`);
const kuma = `
  CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO knex_migrations VALUES (1, '1.js');
  CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, ping BIGINT);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
  INSERT INTO heartbeat SELECT i, CASE WHEN i = 1 OR i > 5807 THEN NULL ELSE i + 0.5 END FROM n;
  ${others.map((name) => `CREATE TABLE ${name} (id INTEGER PRIMARY KEY); INSERT INTO ${name} VALUES (1)`).join(";")}`;
const schema = `
  CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255)); INSERT INTO knex_migrations (name) VALUES ('1.js');
  CREATE TABLE heartbeat (id integer PRIMARY KEY, ping bigint);
  ${others.map((name) => `CREATE TABLE ${name} (id integer PRIMARY KEY)`).join(";")}`;

test("docs/move-by-hand.md, followed word by word, moves a SQLite file and prints what the page shows", async () => {
  const program = await Program.build(cleanup);
  const database = await Database.create(cleanup);
  await database.query(`SET ROLE ${database.name}`);
  await database.query(schema);
  const folder = cleanup.folder();
  fs.mkdirSync(path.join(folder, "data"));
  writeSqlite(path.join(folder, "data/kuma.db"), kuma);
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD = "" } = database.environment;

  let printed = "";
  const followed: string[] = [];
  for (const { language, text } of blocks) {
    const [, words] = /^npm run -s pgmoor -- (migrate --source data\/kuma\.db .*)\n$/.exec(text) ?? [];
    if (language === "json") fs.writeFileSync(path.join(folder, "kuma.json"), text);
    else if (language === "" && printed !== "") {
      let rest = printed;
      for (const line of normal(text)
        .split("\n")
        .filter((one) => !["", "…"].includes(one.trim()))) {
        expect(rest).toContain(line);
        rest = rest.slice(rest.indexOf(line) + line.length);
      }
      followed.push(text);
      printed = "";
    } else if (words !== undefined) {
      const args = words
        .replace(
          "postgresql://kuma@127.0.0.1:5432/kuma",
          `postgresql://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`,
        )
        .split(" ");
      const { stdout, stderr } = await program.start(folder, args, { PGPASSWORD }).done;
      printed = normal(stdout + stderr).replaceAll(database.name, "kuma");
    }
  }
  expect(followed).toHaveLength(2);
  expect(await database.query("SELECT count(*)::int AS rows FROM heartbeat")).toEqual([{ rows: 6000 }]);
});
