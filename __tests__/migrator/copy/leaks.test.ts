/** What a refusal says is read by many: no value of the app's may be in it. */
import { messageOf } from "../../../migrator/base/errors";
import { Cleanup } from "../support";
import { Bench } from "../support/copying";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

const secret = "s3cr3t-t0ken";
const raising = (code: string) => `
  CREATE FUNCTION known(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN IF v LIKE 's3%' THEN RAISE EXCEPTION 'bad value %', v USING ERRCODE = '${code}'; END IF; RETURN true; END $$;`;

test.each([
  [
    "a CHECK's function raises",
    `${raising("P0001")} CREATE TABLE t (id integer, v text CHECK (known(v)))`,
    /known\(.*P0001/,
  ],
  [
    "a CHECK's function raises as if the server did",
    `${raising("42P01")} CREATE TABLE t (id integer, v text CHECK (known(v)))`,
    /known\(.*42P01/,
  ],
  [
    "an index's function raises",
    `${raising("P0001")} CREATE TABLE t (id integer, v text); CREATE INDEX i ON t (known(v))`,
    /function known\(text\) raised SQLSTATE P0001/,
  ],
  [
    "a value breaks a CHECK",
    "CREATE TABLE t (id integer, v text CHECK (length(v) < 3))",
    /constraint t_v_check/,
  ],
  [
    "a value is too long for an index",
    "CREATE TABLE t (id integer, v text); CREATE UNIQUE INDEX ON t (substr(v, 1, 1))",
    /t_substr_idx/,
  ],
])("%s", async (_, target, expected) => {
  await bench.schema(target);
  const file = bench.write(`CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
    INSERT INTO t VALUES (1, '${secret}'), (2, '${secret}')`);
  const message = await bench.copy(file).then(() => "copied", messageOf);
  expect(message).toMatch(expected);
  expect(message).not.toContain(secret);
});

test("the key is the token of a session", async () => {
  await bench.schema("CREATE TABLE sessions (token text PRIMARY KEY, at integer)");
  const file = bench.write(`CREATE TABLE sessions (token TEXT PRIMARY KEY, at) WITHOUT ROWID;
    INSERT INTO sessions VALUES ('a', 1), ('${secret}', 'x')`);
  const message = await bench.copy(file).then(() => "copied", messageOf);
  expect(message).toContain("sessions.at, row 2 in the order of token: text in a column of type integer");
  expect(message).not.toContain(secret);
});
