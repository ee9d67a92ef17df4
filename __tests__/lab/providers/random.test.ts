import fc from "fast-check";
import { randomProvider } from "../../../lab/providers/random/provider";
import { unwrapped, Workspace } from "./support/workspace";

const runs = { numRuns: process.env.PGMOOR_THOROUGH ? 5000 : 200 };

async function open(asked: Record<string, unknown>): Promise<string> {
  const type = randomProvider().ephemeral?.random_password;
  const silent = Object.fromEntries(Object.keys(type?.attributes ?? {}).map((name) => [name, null]));
  const context = { client: undefined, signal: new AbortController().signal };
  const opened = await type?.open({ ...silent, ...asked }, context);
  return opened?.result as string;
}

test("a password has its length, its least numbers of each kind, and no character that is not allowed", async () => {
  const least = fc.nat({ max: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 20, max: 64 }),
      least,
      least,
      least,
      least,
      async (length, a, b, c, d) => {
        const result = await open({
          length,
          min_lower: a,
          min_upper: b,
          min_numeric: c,
          min_special: d,
          override_special: "-_",
        });

        expect(result).toHaveLength(length);
        expect(result).toMatch(/^[a-zA-Z0-9_-]*$/);
        expect(result.match(/[a-z]/g)?.length ?? 0).toBeGreaterThanOrEqual(a);
        expect(result.match(/[A-Z]/g)?.length ?? 0).toBeGreaterThanOrEqual(b);
        expect(result.match(/[0-9]/g)?.length ?? 0).toBeGreaterThanOrEqual(c);
        expect(result.match(/[_-]/g)?.length ?? 0).toBeGreaterThanOrEqual(d);
      },
    ),
    runs,
  );
});

test("only what is allowed comes", async () => {
  expect(await open({ length: 40, lower: false, upper: false, special: false })).toMatch(/^[0-9]{40}$/);
});

test("no two are the same", async () => {
  const many = await Promise.all(Array.from({ length: 100 }, () => open({ length: 20 })));
  expect(new Set(many).size).toBe(100);
});

test("one that cannot be is told when validating", async () => {
  const workspace = await Workspace.open();
  try {
    await workspace.init({
      ephemeral: {
        random_password: {
          short: { length: 3, min_lower: 4 },
          none: { length: 8, lower: false, upper: false, numeric: false, special: false },
        },
      },
    });
    const told = unwrapped(await workspace.run("validate"));

    expect(told).toContain("length must be at least 4");
    expect(told).toContain("One of lower, upper, numeric and special must be true");
  } finally {
    await workspace.close();
  }
});
