/** What is told of a rehearsal, from what its tasks print. */
import { findingsOf } from "../../check/rehearsal/findings";
import type { Printed } from "../../check/rehearsal/rehearse";

const gibibyte = 1 << 30;

function source(change: object = {}): string {
  const free = { snapshots: 10 * gibibyte, scratch: 10 * gibibyte };
  return `${JSON.stringify({ pgmoor: "source", bytes: 5 << 20, free, ...change })}\n`;
}

const move = JSON.stringify({
  pgmoor: "migrate",
  outcome: "verified",
  rows: 2161,
  tables: 12,
  roundedFractions: 3,
  seconds: 1.42,
});

function printed(change: Partial<Printed>): Printed {
  return { succeeded: true, stdout: "", stderr: "", schema: "", serverMajor: 16, neverRan: [], ...change };
}

const failed = (change: Partial<Printed>) =>
  findingsOf(printed({ succeeded: false, ...change }), ["hunter22"]);

test("a move that fits: how many rows, and how long it took", () => {
  const { problems, notes } = findingsOf(printed({ stdout: `${source()}a line of the log\n${move}\n` }), []);
  expect(problems).toEqual([]);
  expect(notes).toEqual([
    "its source has 5 MiB",
    expect.stringMatching(/^2,161 rows in 12 tables fit \(3 fractions .*Copy and proof took 1\.4 s/),
  ]);
});

test("a value that does not fit, in the migrator's own words", () => {
  const words = "1 value cannot be copied: ciphers.atype, rowid 1: text";
  expect(
    failed({
      stdout: source(),
      stderr: `pgmoor: refused, nothing changed: ${words.replace("copied: ", "copied:\n  ")}\n`,
    }).problems,
  ).toEqual([`the move would fail: ${words}`]);
});

test("a schema step that fails says so, without the password", () => {
  const { problems } = failed({
    stdout: source(),
    stderr:
      "pgmoor: failed, nothing changed: the app's image did not build its schema. See the log of the schema task",
    schema: "schema: starting /start.sh\ncannot connect to postgres://vaultwarden:hunter22@10.0.0.60/x\n",
  });
  expect(problems[1]).toBe(
    "the schema task said: schema: starting /start.sh | cannot connect to postgres://vaultwarden:[password]@10.0.0.60/x",
  );
});

test("too little room for snapshot and scratch, beside everything else", () => {
  const free = { snapshots: 30 << 20, scratch: 20 << 20 };
  const { problems } = failed({ stdout: source({ free }), stderr: "pgmoor: refused, x: corrupt" });
  expect(problems).toEqual([
    "the move would fail: corrupt",
    "the snapshots' volume has 30 MiB free, and the snapshot needs 37 MiB",
    "Nomad's folder on the client has 20 MiB free, and the scratch copy needs 37 MiB",
  ]);
});

test("an image that cannot be had", () => {
  expect(failed({ neverRan: ["schema: Failed to pull `x`: not found"] }).problems).toEqual([
    "the rehearsal did not run: schema: Failed to pull `x`: not found",
  ]);
});

test("a failure that nobody explains is a problem, too", () => {
  expect(failed({}).problems).toEqual(["the rehearsal failed, and its tasks do not say why"]);
});

test("a PostgreSQL that is newer than the server", () => {
  const { problems } = findingsOf(printed({ stdout: source({ major: 17 }) }), []);
  expect(problems).toEqual([
    expect.stringMatching(/^its source runs PostgreSQL 17 and the central server 16;/),
  ]);
});

test("a PostgreSQL that runs is only looked at", () => {
  const { problems, notes } = findingsOf(printed({ stdout: source({ major: 14 }) }), []);
  expect(problems).toEqual([]);
  expect(notes).toEqual([
    expect.stringMatching(/^its source has 5 MiB, of PostgreSQL 14\. Its move cannot be rehearsed/),
  ]);
});
