import * as fs from "node:fs";
import * as path from "node:path";
import { readDeclared } from "../../cli/declared";
import { passwordFor } from "../../cli/password";
import { sourceOf } from "../../cli/source";
import { targetVariables } from "../../cli/target";
import { Refused } from "../../migrator/errors";
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

test("a target is a URL without a password", () => {
  expect(
    targetVariables("postgresql://al%20ice@[::1]:5433/my%2Ddb?sslmode=verify-full&sslrootcert=/ca.pem"),
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
    ["mysql://a:hunter2@h/d", "not a URL of a database"],
    ["postgres://hunter2 h", "not a URL of a database"],
    ["postgres://a@h/d?opt=hunter2", "unknown parameters: opt"],
    ["postgres://a@h/", "user and database"],
    ["postgres://h/d", "user and database"],
  ] as const) {
    delete process.env.PGUSER;
    const message = refusal(() => targetVariables(target));
    expect(message).toContain(says);
    expect(message).not.toContain("hunter2");
  }
});

test("a password comes from PGPASSWORD, else from the first line of the password file that fits", () => {
  const file = path.join(cleanup.folder(), "pgpass");
  fs.writeFileSync(file, "#h:1:d:u:comment\nother:1:d:u:no\nh:*:d:u\\:v:a\\:b\\\\c\n*:*:*:u:last\n", {
    mode: 0o600,
  });
  delete process.env.PGPASSWORD;
  process.env.PGPASSFILE = file;
  const of = (PGUSER: string) => passwordFor({ PGHOST: "h", PGPORT: "1", PGDATABASE: "d", PGUSER });
  expect([of("u:v"), of("u"), of("x")]).toEqual(["a:b\\c", "last", undefined]);
  process.env.PGPASSWORD = "first";
  expect(of("u")).toBe("first");
  delete process.env.PGPASSWORD;
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
  const message = refusal(() => readDeclared(file));
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
  expect(refusal(() => readDeclared(file))).toContain(
    "rules.1: skip-row for t.c: rule [0] (default) says otherwise",
  );
  fs.writeFileSync(file, "{");
  expect(refusal(() => readDeclared(file))).toContain("not readable as JSON");
  expect(readDeclared(undefined).migrationTables).toContain("knex_migrations");
});

test("a source is a file", () => {
  process.env.INIT_CWD = "/somewhere";
  expect(sourceOf("data/app.db")).toEqual({ kind: "sqlite", file: "/somewhere/data/app.db" });
  expect(refusal(() => sourceOf("postgres://a:hunter2@h/d"))).not.toContain("hunter2");
});
