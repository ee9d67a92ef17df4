import fc from "fast-check";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { commentLimit, renderMarkdown } from "../../review/markdown";
import { readAllowances } from "../../review/policy";
import { readInput } from "../../review/read";
import { review, ruleIds, type Review } from "../../review/review";
import { eachChange, type ReviewRule } from "../../review/rules/rule";
import type { StackInput } from "../../review/stack";
import { renderText } from "../../review/text";

const folder = join(__dirname, "plans");
const plan = (situation: string): StackInput => readInput(join(folder, situation, "plan.json"));
const failOn = ["data-loss", "security"] as const;

describe("the policy", () => {
  const input = [plan("extension-removed")];

  test("fails what it is told to fail, and nothing else", () => {
    expect(review(input).verdict).toBe("pass");
    expect(review(input, { failOn: ["security", "downtime"] }).verdict).toBe("pass");
    expect(review(input, { failOn: ["data-loss"] }).verdict).toBe("fail");
  });

  test("a plan that cannot be applied fails whatever is asked or allowed", () => {
    const allowances = readAllowances("pgmoor: allow failed database-renamed", ruleIds);
    expect(review([plan("database-renamed")], { allowances }).verdict).toBe("fail");
  });

  test("a pull request allows what it names, and it is told all the same", () => {
    const text = "Search is gone.\n\npgmoor: allow destroy postgresql_extension.vaultwarden_pg_trgm\n";
    const result = review(input, { failOn, allowances: readAllowances(text, ruleIds) });
    expect(result.verdict).toBe("pass");
    expect(result.notes).toEqual([]);
    expect(renderMarkdown(result)).toContain("Allowed by the pull request");
  });

  test.each([
    ["another resource", "pgmoor: allow destroy postgresql_database.vaultwarden"],
    ["another risk", "pgmoor: allow widen postgresql_extension.vaultwarden_pg_trgm"],
    ["a word that is none", "pgmoor: allow everything postgresql_extension.vaultwarden_pg_trgm"],
    ["a pattern", "pgmoor: allow destroy postgresql_extension.*"],
    ["several", "pgmoor: allow destroy postgresql_extension.vaultwarden_pg_trgm and more"],
  ])("allows nothing by %s, and says so", (_what, text) => {
    const result = review(input, { failOn, allowances: readAllowances(text, ruleIds) });
    expect(result.verdict).toBe("fail");
    expect(result.notes).toEqual([
      expect.stringMatching(/^(Cannot parse this line|Allowed, but not in the plan): /),
    ]);
  });

  test.each([
    [
      "in a comment that nobody sees",
      "<!--\npgmoor: allow destroy postgresql_extension.vaultwarden_pg_trgm\n-->",
    ],
    ["in a quotation", "> pgmoor: allow destroy postgresql_extension.vaultwarden_pg_trgm"],
    ["in the middle of a sentence", "Say pgmoor: allow destroy postgresql_extension.vaultwarden_pg_trgm"],
  ])("is not allowed %s", (_where, text) => {
    expect(readAllowances(text, ruleIds)).toEqual({ allowed: [], unread: [] });
  });

  test("a rule of one's own is ten lines", () => {
    const friday: ReviewRule = eachChange({
      id: "friday",
      risk: "downtime",
      types: ["nomad_job"],
      look: ({ action }) => (action === "update" ? "changes on a Friday." : undefined),
    });
    const [service] = review([plan("image-changed")], { rules: [friday], failOn: ["downtime"] }).services;
    expect(service!.findings).toEqual([
      {
        risk: "downtime",
        rule: "friday",
        address: "nomad_job.vaultwarden",
        reason: "changes on a Friday.",
        allowed: false,
        fails: true,
      },
    ]);
  });
});

describe("without a plan", () => {
  test("a service that left the environment, and not its state, is data at risk", () => {
    const resources = ["postgresql_database.old", "nomad_job.old"];
    const result = review([{ service: "old", plan: { pgmoor: { reason: "gone", resources } } }], { failOn });
    expect(result.verdict).toBe("fail");
    expect(result.services[0]!.findings[0]).toMatchObject({
      risk: "data-loss",
      rule: "remove",
      address: "old",
    });
  });

  test("a plan that failed says so in Terraform's words", () => {
    const message = "PostgreSQL at 10.0.0.1:5432 cannot be reached";
    const result = review([{ service: "old", plan: { pgmoor: { reason: "failed", message } } }]);
    expect(result.verdict).toBe("fail");
    expect(renderMarkdown(result)).toContain("PostgreSQL at 10.0.0.1:5432 cannot be reached");
  });
});

describe("what pgmoor check found", () => {
  const plan = { resource_changes: [], resource_drift: [], errored: false, checks: [] } as never;
  const all = { service: null, probe: "server", what: "the server is a standby" };
  const own = { service: "one", probe: "placement", what: "no client has the volume <one>" };
  const notChecked = [{ probe: "identity", why: "Vault does not show it" }];
  const { notes, verdict } = review([
    { service: "one", plan, checks: { problems: [all, own], notChecked } },
    { service: "two", plan, checks: { problems: [all], notChecked } },
  ]);

  test("is told in the notes, each once, and fails no review", () => {
    expect(notes.filter((note) => note.startsWith("pgmoor check"))).toEqual([
      "pgmoor check (server): the server is a standby",
      "pgmoor check (placement): one: no client has the volume <one>",
      "pgmoor check could not look (identity): Vault does not show it",
    ]);
    expect(verdict).toBe("pass");
  });
});

describe("a thousand services", () => {
  const situations = readdirSync(folder).map(plan);
  const inputs = Array.from({ length: 1000 }, (_, index): StackInput => {
    const situation = situations[index % situations.length]!;
    const text = JSON.stringify(situation).replaceAll("vaultwarden", `service-${index}`);
    return { ...(JSON.parse(text) as StackInput), service: `service-${index}` };
  });
  let result: Review;
  beforeAll(() => {
    result = review(inputs, { failOn });
  });

  test("fit into a comment, the riskiest first", () => {
    const comment = renderMarkdown(result);
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(commentLimit);
    const rows = comment.split("\n").filter((line) => line.startsWith("| `"));
    const failing = rows.map((row) => row.includes("⛔"));
    expect(failing).toContain(true);
    expect(failing).toEqual([...failing].sort((a, b) => Number(b) - Number(a)));
    expect(comment).toMatch(/details of \d+ more services do not fit into a comment/);
  });

  test("each is told once in the whole", () => {
    expect(new Set(result.services.map(({ service }) => service)).size).toBe(1000);
  });
});

describe("Markdown", () => {
  const wild = fc.string({
    unit: fc.constantFrom(
      "`",
      "|",
      "<",
      ">",
      "\n",
      "@",
      "*",
      "[",
      "]",
      "(",
      ")",
      "#",
      "a",
      "b",
      "\u202e",
      "\x1b",
      "~",
      "&",
    ),
    maxLength: 30,
  });

  test("nothing in a plan can leave its place", () => {
    fc.assert(
      fc.property(wild, wild, (name, reason) => {
        const finding = {
          risk: "security",
          rule: "widen",
          address: name,
          reason,
          allowed: false,
          fails: true,
        } as const;
        const details = [{ address: name, action: "update", lines: [{ sign: "+", text: reason }] }] as const;
        const service = { service: name, happens: [reason], findings: [finding], details: [...details] };
        const comment = renderMarkdown({ verdict: "fail", services: [service], notes: [reason] });
        // One row, one risk, one note, one fence that ends where it should; no HTML but ours, no mention, no control.
        const lines = comment.split("\n");
        expect(lines.filter((line) => line.startsWith("| ") && line.endsWith(" |"))).toHaveLength(3);
        expect(lines.filter((line) => line.startsWith("- "))).toHaveLength(2);
        const fences = lines.filter((line) => /^`{3,}(diff)?$/.test(line));
        expect(fences).toHaveLength(2);
        const outsideOfCode = comment
          .slice(0, comment.indexOf("<details>"))
          .replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
        expect(outsideOfCode.replace("<!-- pgmoor review -->", "")).not.toMatch(/<[a-z!/]/i);
        expect(comment).not.toMatch(/[\u202e\x1b]/);
      }),
      { numRuns: process.env.PGMOOR_THOROUGH ? 5000 : 300 },
    );
  });

  test("stays below any limit", () => {
    const result = review(readdirSync(folder).map(plan), { failOn });
    for (const limit of [2_000, 5_000, 20_000])
      expect(Buffer.byteLength(renderMarkdown(result, limit))).toBeLessThanOrEqual(limit);
  });
});

test("the text for a terminal has colours only where they are wanted", () => {
  const result = review([plan("extension-removed")], { failOn });
  expect(renderText(result, true)).toContain("\x1b[31m");
  expect(renderText(result, false)).not.toContain("\x1b");
});
