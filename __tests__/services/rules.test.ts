import { migrationTablesSchema, rulesSchema } from "../../services/rules";

const messages = (schema: typeof migrationTablesSchema | typeof rulesSchema, given: unknown) =>
  schema.safeParse(given).error?.issues.map(({ message }) => message);

test("a migration table needs no `compare`", () => {
  expect(messages(migrationTablesSchema, [{ table: "schema_version" }])).toBeUndefined();
});

test.each([[{ table: "schema_version", compare: "some" }], [{ compare: "all" }], [7]])(
  "%j is no migration table, and the message says what is one",
  (given) => {
    expect(messages(migrationTablesSchema, [given])).toEqual([
      expect.stringContaining(
        'Allowed: "NAME", or { "table": "NAME", "compare": "all" | "newest" | "nothing" }',
      ),
    ]);
  },
);

test("one name for a table, one for each of its columns", () => {
  const rename = { kind: "rename", table: "t", to: "u" };
  expect(
    messages(rulesSchema, [rename, { ...rename, column: "a" }, { ...rename, column: "b" }]),
  ).toBeUndefined();
  expect(messages(rulesSchema, [rename, { ...rename, to: "v" }])).toEqual([
    expect.stringContaining("rename for t: rule [0] (rename) conflicts with it"),
  ]);
});
