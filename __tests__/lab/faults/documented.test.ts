import { expectDocumented } from "../../../lab/faults/documented";

test.each([
  "pgmoor: failed, nothing changed: the app's image did not build its schema: exit code 127. See the log of the schema task",
  "pgmoor: refused, nothing changed: /snapshots/x: 36 MiB free, 37 MiB needed for the snapshot. Free disk space there",
  "The password in secret/postgres/x is not the one of the role x:\n│ somebody changed it in Vault",
])("a message that the docs quote: %s", (message) => {
  expect(() => expectDocumented(message)).not.toThrow();
});

test("one that they do not", () => {
  expect(() => expectDocumented("pgmoor: failed, nothing changed: something nobody wrote down")).toThrow(
    /should quote this message[^]*something nobody wrote down/,
  );
});
