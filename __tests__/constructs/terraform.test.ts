import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { literal, quoted } from "../../constructs/terraform";

const cases = process.env.PGMOOR_THOROUGH ? 10_000 : 500;

/** What Terraform itself reads these values of outputs as. */
function readBack(values: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "pgmoor-terraform-"));
  const terraform = (...args: string[]): string =>
    execFileSync("terraform", args, {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CHECKPOINT_DISABLE: "1" },
    });
  try {
    const output = Object.fromEntries(values.map((value, index) => [`v${index}`, { value }]));
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ output }));
    terraform("init");
    terraform("apply", "-auto-approve", "-no-color");
    const read = JSON.parse(terraform("output", "-json")) as Record<string, { value: string }>;
    return values.map((_, index) => read[`v${index}`]!.value);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Terraform brings text to Unicode's composed form; what is not in it is changed by Terraform, not by us. */
const wild = fc
  .oneof(
    fc.string({ unit: fc.constantFrom("$", "%", "{", "}", '"', "\\", "n", "~", " ", "\n") }),
    fc.string({ unit: "binary" }),
  )
  .filter((value) => value.isWellFormed() && value.normalize("NFC") === value && !value.includes("\0"));

/** Terraform's JSON reader takes each of these together with the character after it, a closing quote, too. */
const joining = [
  "\u0600",
  '\u06dd"',
  "a\u070f\\",
  "$\u08e2",
  "%%\u0d4e{",
  "\u{110bd}",
  "${\u{111c2}\u{11d46}}",
  "\u{11f02}",
];

test("text comes out of Terraform as it went in", () => {
  const values = ["${x}", "%{if}", "$${x}", "%%{", "$%{a}", "${", ...joining, ...fc.sample(wild, cases)];
  expect(readBack(values.map(literal))).toEqual(values);
});

test("text in an expression does, too", () => {
  const values = ["${x}", "%{if}", "$${x}", '"', "\\", ...joining, ...fc.sample(wild, cases)];
  expect(
    readBack(values.map((value) => `\${jsonencode({ v = ${quoted(value)} })}`)).map(
      (json) => (JSON.parse(json) as { v: string }).v,
    ),
  ).toEqual(values);
});
