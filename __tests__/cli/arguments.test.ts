import * as fs from "node:fs";
import * as path from "node:path";
import { rulesOf } from "../../cli/options/rules-file";
import { passwordFor } from "../../cli/options/password-file";
import { sourceLoginOf, targetLoginOf, variablesOf } from "../../cli/options/database-url";
import { backSourceOf, sourceOf } from "../../cli/options/source-option";
import { Refused } from "../../migrator/base/errors";
import type { Run } from "../../migrator/server/run";
import { Cleanup } from "../migrator/support";

const cleanup = new Cleanup();
const before = { ...process.env };
afterEach(async () => {
  process.env = { ...before };
  await cleanup.run();
});

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Refused);
    return (error as Refused).message;
  }
  throw new Error("it was taken");
};

test("a server is a URL without a password", () => {
  expect(
    variablesOf(
      "--target",
      "postgresql://al%20ice@[::1]:5433/my%2Ddb?sslmode=verify-full&sslrootcert=/ca.pem",
      "PGPASSWORD",
    ),
  ).toEqual({
    PGHOST: "::1",
    PGPORT: "5433",
    PGUSER: "al ice",
    PGDATABASE: "my-db",
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: "/ca.pem",
  });
  for (const [target, says] of [
    ["postgres://a:hunter2@h/d", "holds a password"],
    ["postgres://a@h/d?password=hunter2", "holds a password"],
    ["mysql://a:hunter2@h/d", "not a database URL"],
    ["postgres://hunter2 h", "not a database URL"],
    ["postgres://a@h/d?opt=hunter2", "unknown parameters: opt"],
    ["postgres://a@h/", "user and database"],
    ["postgres://h/d", "user and database"],
  ] as const) {
    delete process.env.PGUSER;
    for (const [option, variable] of [
      ["--target", "PGPASSWORD"],
      ["--source", "PGMOOR_SOURCE_PASSWORD"],
    ] as const) {
      const message = refusal(() => variablesOf(option, target, variable));
      expect(message).toContain(`${option}: `);
      expect(message).toContain(says);
      expect(message).not.toContain("hunter2");
      if (says === "holds a password") expect(message).toContain(`put it into ${variable} `);
    }
  }
});

test("a password comes from the variable, else from the first line of the password file that fits", () => {
  const file = path.join(cleanup.folder(), "pgpass");
  fs.writeFileSync(file, "#h:1:d:u:comment\nother:1:d:u:no\nh:*:d:u\\:v:a\\:b\\\\c\n*:*:*:u:last\n", {
    mode: 0o600,
  });
  process.env.PGPASSFILE = file;
  const of = (PGUSER: string, given?: string) =>
    passwordFor({ PGHOST: "h", PGPORT: "1", PGDATABASE: "d", PGUSER }, given);
  expect([of("u:v"), of("u"), of("x")]).toEqual(["a:b\\c", "last", undefined]);
  expect(of("u", "first")).toBe("first");
  fs.chmodSync(file, 0o644);
  expect(refusal(() => of("u"))).toContain(`chmod 600 ${file}`);
});

test("a rules file is checked whole, with the path of each mistake", () => {
  const file = path.join(cleanup.folder(), "rules.json");
  const column = { table: "t", column: "c" };
  fs.writeFileSync(
    file,
    JSON.stringify({
      rules: [
        { kind: "cast", ...column, as: "miles" },
        { kind: "default", ...column },
        { kind: "skip-table", table: "t", column: "c" },
      ],
      tables: [],
    }),
  );
  const message = refusal(() => rulesOf({ rules: file }));
  for (const path of ["rules.0.as", "rules.1.value", "rules.2", "(file)"])
    expect(message).toContain(`  ${path}: `);
  fs.writeFileSync(
    file,
    JSON.stringify({
      rules: [
        { kind: "default", ...column, value: 1 },
        { kind: "skip-row", ...column },
      ],
    }),
  );
  expect(refusal(() => rulesOf({ rules: file }))).toContain(
    "rules.1: skip-row for t.c: rule [0] (default) conflicts with it",
  );
  fs.writeFileSync(file, "{");
  expect(refusal(() => rulesOf({ rules: file }))).toContain("cannot be read as JSON");
  const run = {} as Run;
  expect(sourceOf(run, { source: file, verify: "sample" }).untouched).toContain("knex_migrations");
  expect(
    refusal(() => sourceOf(run, { source: "postgres://a@h/d", rules: file, verify: "sample" })),
  ).toContain("--rules is for a SQLite file");
});

test("what is said of the target in the environment is not said of the source", () => {
  Object.assign(process.env, {
    PGPASSFILE: "/none",
    PGPASSWORD: "the target's",
    PGMOOR_SOURCE_PASSWORD: "the source's",
    PGSSLMODE: "require",
  });
  const url = "postgres://a@h/d";
  expect(targetLoginOf(url).variables).toMatchObject({ PGPASSWORD: "the target's", PGSSLMODE: "require" });
  expect(sourceLoginOf(url).variables).toEqual({
    PGHOST: "h",
    PGPORT: "5432",
    PGUSER: "a",
    PGDATABASE: "d",
    PGPASSWORD: "the source's",
  });
  delete process.env.PGMOOR_SOURCE_PASSWORD;
  expect(sourceLoginOf(url).variables.PGPASSWORD).toBeUndefined();
});

test("back is for a file", () => {
  process.env.INIT_CWD = "/somewhere";
  expect(backSourceOf("data/app.db")).toBe("/somewhere/data/app.db");
  const message = refusal(() => backSourceOf("postgres://a:hunter2@h/d"));
  expect(message).toContain("pg_restore");
  expect(message).not.toContain("hunter2");
});

test("a service's name brings what its definition says", () => {
  process.env.PGMOOR_ENVIRONMENT = "homelab";
  expect(rulesOf({ service: "vaultwarden" })).toEqual({
    migrationTables: [{ table: "__diesel_schema_migrations", compare: "newest" }],
    rules: [],
  });
  const run = {} as Run;
  expect(sourceOf(run, { source: "db.sqlite3", service: "speedtest" }).untouched).toEqual(["migrations"]);
  expect(sourceOf(run, { source: "postgres://a@h/d", service: "immich" }).untouched).toContain(
    "kysely_migrations",
  );
  for (const [source, service, says] of [
    ["a.db", "vaultwardn", 'has no service "vaultwardn". It has vaultwarden, '],
    ["a.db", "gitea", "gitea has no source in its definition"],
    ["a.db", "immich", "the source of immich is a PostgreSQL, not a SQLite file"],
    ["postgres://a@h/d", "vaultwarden", "the source of vaultwarden is a SQLite file"],
  ] as const)
    expect(refusal(() => sourceOf(run, { source, service }))).toContain(says);
  process.env.PGMOOR_ENVIRONMENT = "nowhere";
  expect(refusal(() => rulesOf({ service: "vaultwarden" }))).toContain('There is no environment "nowhere"');
});
