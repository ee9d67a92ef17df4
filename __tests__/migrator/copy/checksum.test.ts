import fc from "fast-check";
import { Checksum } from "../../../migrator/copy/checksum";

const of = (...lines: string[]): string => {
  const checksum = new Checksum();
  for (const line of lines) checksum.add(line);
  return `${checksum.rows} ${checksum.toString()}`;
};

test("the sum of one line is its MurmurHash3", () => {
  expect(of()).toBe("0 00000000000000000000000000000000");
  expect(of("a")).toBe("1 a794933c5556b01b5556b01b5556b01b");
  expect(of("0123456789abcdef")).toBe("1 fb7d440936aed30a48ad1d9b572b3bfd");
  expect(of("The quick brown fox jumps over the lazy dog")).toBe("1 2f1583c3ecee2c675d7bf66ce5e91d2c");
});

test("what tells two tables apart, and what does not", () => {
  const rows = ["1\talice\t7", "2\tbob\t8", "3\tcarol\t\\N"];
  expect(of(...[...rows].reverse())).toBe(of(...rows));
  const others = [
    ["1\tbob\t7", "2\talice\t8", "3\tcarol\t\\N"],
    ["1\talice\t7", "1\talice\t7", "3\tcarol\t\\N"],
    ["1\talice\t7", "2\tbob\t8", "3\tcarol\t"],
    ["1\talice\t7", "2\tbob\t8"],
    [...rows, rows[0]!],
    ["1\talice7", "\t2\tbob\t8", "3\tcarol\t\\N"],
  ];
  for (const other of others) expect(of(...other)).not.toBe(of(...rows));
});

test("lines at once are lines one by one, whatever their lengths and places", () => {
  const line = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const whole = new Checksum();
      whole.addLines(Buffer.from(lines.map((one) => `${one}\n`).join("")));
      expect(`${whole.rows} ${whole.toString()}`).toBe(of(...[...lines].reverse()));
    }),
  );
});

test("lines that come in parts are the same lines, wherever they are cut", () => {
  const line = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), (lines, cuts) => {
      const whole = Buffer.from(lines.map((one) => `${one}\n`).join(""));
      const places = [...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
      const [parts, pieces] = [new Checksum(), new Checksum()];
      let start = 0;
      for (const end of places) {
        parts.addLines(whole.subarray(start, end));
        start = end;
      }
      expect(`${parts.rows} ${parts.toString()}`).toBe(of(...lines));
      // Each line is told of by itself, in one piece or several.
      start = 0;
      const ends = lines.map((_, index) => Buffer.byteLength(`${lines.slice(0, index + 1).join("\n")}\n`));
      for (const end of [...new Set([...places, ...ends])].sort((a, b) => a - b)) {
        const isEnd = ends.includes(end);
        if (end > start) pieces.addPart(whole, start, isEnd ? end - 1 : end, isEnd);
        start = end;
      }
      expect(`${pieces.rows} ${pieces.toString()}`).toBe(of(...lines));
    }),
  );
});

test("one byte less, more or changed is another sum", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, place, by) => {
        const sum = (changed: Uint8Array) => {
          const checksum = new Checksum();
          checksum.add(Buffer.from(changed));
          return checksum.toString();
        };
        const changed = Uint8Array.from(bytes);
        const at = place % bytes.length;
        changed[at]! ^= by;
        expect(sum(changed)).not.toBe(sum(bytes));
        expect(sum(bytes.subarray(1))).not.toBe(sum(bytes));
      },
    ),
  );
});

test("rows in the binary form count one by one, with their lengths", () => {
  const field = (text: string | null) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(text === null ? -1 : Buffer.byteLength(text));
    return Buffer.concat([head, Buffer.from(text ?? "")]);
  };
  const row = (...fields: (string | null)[]) => {
    const count = Buffer.alloc(2);
    count.writeInt16BE(fields.length);
    return Buffer.concat([count, ...fields.map(field)]);
  };
  const rows = [row("a", null), row("", "bc"), row("ab", ""), row("a", null)];
  const [together, apart, parts] = [new Checksum(), new Checksum(), new Checksum()];
  together.addTuples(Buffer.concat(rows));
  for (const one of [...rows].reverse()) apart.add(one);
  for (const one of rows)
    for (let at = 0; at < one.length; at++) parts.addPart(one, at, at + 1, at === one.length - 1);
  expect(together.rows).toBe(4);
  expect(together.toString()).toBe(apart.toString());
  expect(together.toString()).toBe(parts.toString());
  const other = new Checksum();
  other.addTuples(Buffer.concat([row("a", null), row("", "bc"), row("ab", ""), row(null, "a")]));
  expect(other.toString()).not.toBe(together.toString());
});
