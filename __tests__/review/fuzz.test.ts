import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentLimit, renderMarkdown } from "../../review/markdown";
import { planSchema } from "../../review/terraform-plan";
import { review } from "../../review/review";
import { renderText } from "../../review/text";

const folder = join(__dirname, "plans");
const texts = readdirSync(folder).map((situation) =>
  readFileSync(join(folder, situation, "plan.json"), "utf8"),
);

/** Values that attributes may have in other providers, or in plans of other versions. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, "", [], {}, true, -1, "{", '{"TaskGroups":null}', '{"ID":1}', [[null]], {
    a: { b: [] },
  }),
  fc.jsonValue(),
);

/** Puts values into places of a plan's resources. */
function spoil(value: unknown, at: readonly number[], put: unknown): unknown {
  const [step, ...further] = at;
  if (step === undefined || typeof value !== "object" || value === null) return put;
  const keys = Object.keys(value);
  if (keys.length === 0) return put;
  const key = keys[step % keys.length]!;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
  copy[key] = spoil(copy[key], further, put);
  return copy;
}

test("a plan of any content is reviewed, or refused as none", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.array(fc.nat(50), { minLength: 2, maxLength: 8 }), odd), {
        minLength: 1,
        maxLength: 5,
      }),
      (text, changes) => {
        let plan: unknown = JSON.parse(text);
        for (const [at, put] of changes) plan = spoil(plan, at, put);
        const parsed = planSchema.safeParse(plan);
        if (!parsed.success) return;
        const result = review([{ service: "any", plan: parsed.data }], { failOn: ["data-loss"] });
        expect(Buffer.byteLength(renderMarkdown(result))).toBeLessThanOrEqual(commentLimit);
        renderText(result, true);
      },
    ),
    { numRuns: process.env.PGMOOR_THOROUGH ? 5_000 : 200 },
  );
});
