import { decide, type Findings } from "../../../migrator/ledger/decide";

type Row = [last: Findings["last"], source: Findings["source"], targetHasRows: boolean, expected: string];

/** Every state of the ledger but `confirmed`, every source, every target; `copy+` keeps the target's rows aside first. */
const table: Row[] = [
  [undefined, "changed", false, "copy"],
  [undefined, "changed", true, "refuse: pgmoor did not write them"],
  [undefined, "absent", false, "refuse: nothing to copy"],
  [undefined, "absent", true, "refuse: nothing to copy"],
  ["started", "unchanged", false, "copy"],
  ["started", "unchanged", true, "copy+"],
  ["started", "changed", false, "copy"],
  ["started", "changed", true, "copy+"],
  ["started", "absent", false, "refuse: nothing to copy"],
  ["started", "absent", true, "refuse: nothing to copy"],
  ["copied", "unchanged", false, "copy"],
  ["copied", "unchanged", true, "copy+"],
  ["copied", "changed", false, "copy"],
  ["copied", "changed", true, "copy+"],
  ["copied", "absent", false, "refuse: nothing to copy"],
  ["copied", "absent", true, "refuse: nothing to copy"],
  ["rolling-back", "unchanged", false, "return: on the server"],
  ["rolling-back", "unchanged", true, "return: on the server"],
  ["rolling-back", "changed", false, "copy"],
  ["rolling-back", "changed", true, "copy+"],
  ["rolling-back", "absent", false, "return: on the server"],
  ["rolling-back", "absent", true, "return: on the server"],
  ["rolled-back", "unchanged", false, "copy"],
  ["rolled-back", "unchanged", true, "copy+"],
  ["rolled-back", "changed", false, "copy"],
  ["rolled-back", "changed", true, "copy+"],
  ["rolled-back", "absent", false, "refuse: nothing to copy"],
  ["rolled-back", "absent", true, "refuse: nothing to copy"],
];

test("copied, the source unchanged: kept once the app has written to the server", () => {
  const found = { last: "copied", source: "unchanged", targetWritten: true, targetHasRows: true } as const;
  expect(decide(found).act).toBe("keep");
  // Anything else may have lost rows, or says so itself.
  expect(decide({ ...found, targetWritten: false })).toMatchObject({ act: "copy", rescue: true });
  expect(decide({ ...found, source: "changed" })).toMatchObject({ act: "copy", rescue: true });
  expect(decide({ ...found, source: "absent" }).act).toBe("refuse");
  expect(decide({ ...found, last: "rolled-back" })).toMatchObject({ act: "copy", rescue: true });
});

test("rolling-back, the server's rows discarded: the server goes on, whatever the app wrote to its source", () => {
  for (const source of ["unchanged", "changed", "absent"] as const)
    expect(
      decide({ last: "rolling-back", discards: true, source, targetWritten: false, targetHasRows: true }).act,
    ).toBe("return");
});

test.each(table)("last %s, source %s, rows in the target %s: %s", (last, source, targetHasRows, expected) => {
  const decision = decide({ last, source, targetWritten: false, targetHasRows });
  const [act, words] = expected.split(": ");
  expect(decision.act).toBe(act?.replace("+", ""));
  if (decision.act === "copy") expect(decision.rescue).toBe(act === "copy+");
  if (words !== undefined) expect(decision.why).toContain(words);
});
