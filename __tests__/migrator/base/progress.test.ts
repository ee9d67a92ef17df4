import { Progress } from "../../../migrator/base/progress";

test("a line every five seconds at the most, with rows, bytes, rate and time left; one at the end", () => {
  const lines: string[] = [];
  let now = 1000;
  const progress = new Progress(
    "notes",
    1_000_000,
    (line) => lines.push(line),
    () => now,
  );
  for (let rows = 50_000; rows <= 400_000; rows += 50_000) {
    now += 1000;
    progress.add(rows, 5_000_000);
  }
  expect(lines).toEqual(["notes: 250,000 of 1,000,000 rows, 25 MB, 50,000 rows/s, 15 s left"]);
  progress.end("copied");
  expect(lines.at(-1)).toBe("notes: 400,000 rows, 40 MB copied in 8.0 s, 50,000 rows/s");
});

test("hours are told in minutes, and an empty table in a line", () => {
  const lines: string[] = [];
  let now = 0;
  const progress = new Progress(
    "big",
    1_000_000,
    (line) => lines.push(line),
    () => now,
  );
  now = 60_000;
  progress.add(10_000, 12_345_678);
  expect(lines).toEqual(["big: 10,000 of 1,000,000 rows, 12.3 MB, 167 rows/s, 99 min left"]);
  new Progress(
    "none",
    0,
    (line) => lines.push(line),
    () => 0,
  ).end("read");
  expect(lines.at(-1)).toBe("none: 0 rows, 0 MB read in 0.0 s, 0 rows/s");
});

test("on a terminal a bar takes the place of these lines", () => {
  const [lines, bars]: [string[], string[]] = [[], []];
  let now = 0;
  const log = Object.assign((line: string) => void lines.push(line), {
    bar: (line: string) => void bars.push(line),
  });
  const progress = new Progress("notes", 1000, log, () => now);
  for (const rows of [250, 260, 500]) {
    now += rows === 260 ? 1 : 1000;
    progress.add(rows, 1_000_000);
  }
  expect(bars).toEqual([
    "[======                  ] notes: 250 of 1,000 rows, 1 MB, 250 rows/s, 3 s left",
    "[============            ] notes: 500 of 1,000 rows, 3 MB, 250 rows/s, 3 s left",
  ]);
  expect(lines).toEqual([]);
  progress.end("read");
  expect(lines).toHaveLength(1);
});

test("of how many rows is said once it is known", () => {
  const [lines, bars]: [string[], string[]] = [[], []];
  let now = 0;
  const log = Object.assign((line: string) => void lines.push(line), {
    bar: (line: string) => void bars.push(line),
  });
  const progress = new Progress("notes", undefined, log, () => now);
  now += 1000;
  progress.add(250, 1_000_000);
  progress.expect(1000);
  now += 1000;
  progress.add(500, 1_000_000);
  // The binary form's end looks like a row.
  progress.expect(499);
  now += 1000;
  progress.add(500, 0);
  expect(bars).toEqual([
    "notes: 250 rows, 1 MB, 250 rows/s",
    "[============            ] notes: 500 of 1,000 rows, 2 MB, 250 rows/s, 2 s left",
    "[========================] notes: 500 of 499 rows, 2 MB, 167 rows/s, 0 s left",
  ]);
});
