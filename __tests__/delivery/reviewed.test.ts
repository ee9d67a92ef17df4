import { join } from "node:path";
import { reviewed, seal, unseal, worseThan } from "../../delivery/reviewed";
import { commentLimit, renderMarkdown } from "../../review/markdown";
import { readInput } from "../../review/read";
import { review, type Review } from "../../review/review";

function reviewOf(situation: string): Review {
  const input = readInput(join(__dirname, "../review/plans", situation, "plan.json"));
  return review([{ ...input, service: "vaultwarden" }], { failOn: ["data-loss"] });
}

test("what was reviewed is read back from the comment, of that commit alone", () => {
  const seen = reviewed(reviewOf("cutover"));
  const comment = renderMarkdown(reviewOf("cutover")) + seal(seen, "abc123");
  expect(unseal(comment, "abc123")).toEqual(seen);
  expect(unseal(comment, "abc124")).toBeUndefined();
  expect(unseal(renderMarkdown(reviewOf("cutover")), "abc123")).toBeUndefined();
  expect(unseal("<!-- pgmoor reviewed abc123 AAAA -->", "abc123")).toBeUndefined();
});

test.each([
  ["cutover", "cutover", []],
  // It has been done meanwhile.
  ["cutover", "nothing", []],
  ["limit-changed", "limit-removed", ["security: unlimit postgresql_role.vaultwarden"]],
  [
    "nothing",
    "drift-of-a-policy",
    ["drift: drift vault_policy.vaultwarden", "update vault_policy.vaultwarden"],
  ],
  ["nothing", "limit-changed", ["update postgresql_role.vaultwarden"]],
  [
    "extension-added",
    "extension-removed",
    [
      "data-loss: destroy postgresql_extension.vaultwarden_pg_trgm",
      "delete postgresql_extension.vaultwarden_pg_trgm",
    ],
  ],
])("reviewed as %s, planned as %s", (seen, now, worse) => {
  expect(worseThan(reviewed(reviewOf(seen)), reviewOf(now).services[0]!)).toEqual(worse);
});

test("of a thousand services it leaves the comment its room", () => {
  const [service] = reviewOf("service-emptied").services;
  const many = Array.from({ length: 1000 }, (_, index) => ({
    ...service!,
    service: `service-${index}`,
    findings: service!.findings.map((finding) => ({ ...finding, address: `nomad_job.service_${index}` })),
    details: service!.details.map((detail) => ({
      ...detail,
      address: detail.address.replace("vaultwarden", `service_${index}`),
    })),
  }));
  const sealed = seal(reviewed({ verdict: "pass", services: many, notes: [] }), "0".repeat(40));
  expect(Buffer.byteLength(sealed)).toBeLessThan(commentLimit / 4);
});
