/** The review as a comment of a pull request, in GitHub's Markdown. */
import type { Detail } from "./details";
import type { Finding, Review, ServiceReview } from "./review";
import { riskWords, risksOf, verdictLine } from "./verdict";
import { count, listed } from "./words";

/** By this a later run finds its comment again. */
export const commentMarker = "<!-- pgmoor review -->";
/** GitHub refuses a comment of more. We count bytes, which are never fewer than its characters. */
export const commentLimit = 65_536;

/** @param limit bytes; what does not fit is counted, the least risky first */
export function renderMarkdown(review: Review, limit = commentLimit): string {
  const sign = review.verdict === "fail" ? "⛔" : "✅";
  const page = new Page(limit - 300);
  page.add(`${commentMarker}\n### Plan review\n\n${sign} **${escape(verdictLine(review))}**\n`);
  const rows = tableRows(review.services);
  const shown = page.list("\n| service | what happens | risk |\n| --- | --- | --- |\n", rows, 0.4);
  if (shown < rows.length)
    page.add(`| … | ${count(servicesIn(rows.slice(shown)), "service")} more, with less risk | |\n`);
  const findings = review.services.flatMap((service) => service.findings);
  const lines = findingLines(findings);
  const told = page.list("\n#### Risks\n\n", lines, 0.7);
  if (told < lines.length) page.add(`- … and ${count(lines.length - told, "line")} more, with less risk.\n`);
  const notes = review.notes.map((note) => ({ text: `- ${escape(note)}\n` }));
  page.list("\n#### Notes\n\n", notes, 0.75);
  const details = review.services
    .filter((service) => service.details.length > 0)
    .map((service) => ({ text: detailsOf(service) }));
  page.add("\n");
  const opened = page.list("", details, 1);
  if (opened < details.length)
    page.add(
      `\nThe details of ${count(details.length - opened, "more service")} do not fit into a comment.\n`,
    );
  return page.text;
}

interface Item {
  readonly text: string;
}

/** Text that stays below a size. */
class Page {
  text = "";
  private bytes = 0;

  constructor(private readonly limit: number) {}

  add(text: string): void {
    this.text += text;
    this.bytes += Buffer.byteLength(text);
  }

  /** Adds items while they fit into this part of the page. @returns how many */
  list(heading: string, items: readonly Item[], part: number): number {
    if (items.length === 0) return 0;
    this.add(heading);
    for (const [index, { text }] of items.entries()) {
      if (this.bytes + Buffer.byteLength(text) > this.limit * part) return index;
      this.add(text);
    }
    return items.length;
  }
}

interface Row extends Item {
  readonly services: number;
}

/** A row for each service; those of which the same is said share one when they are many. */
function tableRows(services: readonly ServiceReview[]): Row[] {
  const alike = new Map<string, ServiceReview[]>();
  for (const service of services) {
    const key = JSON.stringify([
      service.happens,
      risksOf(service),
      service.findings.some(({ fails }) => fails),
    ]);
    alike.set(key, [...(alike.get(key) ?? []), service]);
  }
  return [...alike.values()].flatMap((group) => {
    const many = group.length > 4 || group[0]!.happens.length === 0;
    return many ? [row(group)] : group.map((service) => row([service]));
  });
}

function row(group: readonly ServiceReview[]): Row {
  const [first] = group;
  const names = listed(
    group.map(({ service }) => code(service)),
    group.length > 1 ? 3 : 1,
  );
  const words = first!.happens.length === 0 ? "nothing" : first!.happens.map(escape).join("; ");
  const fails = first!.findings.some((finding) => finding.fails) ? "⛔ " : "";
  const risk = risksOf(first!)
    .map((one) => riskWords[one])
    .join(", ");
  return { text: `| ${names} | ${words} | ${fails}${risk} |\n`, services: group.length };
}

function servicesIn(rows: readonly Row[]): number {
  return rows.reduce((sum, { services }) => sum + services, 0);
}

/** A line for each finding; those of one reason share one when they are many. */
function findingLines(findings: readonly Finding[]): Item[] {
  const alike = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.risk, finding.reason, finding.fails, finding.allowed]);
    alike.set(key, [...(alike.get(key) ?? []), finding]);
  }
  return [...alike.values()].flatMap((group) =>
    (group.length > 4 ? [group] : group.map((finding) => [finding])).map((same) => ({
      text: findingLine(same),
    })),
  );
}

function findingLine(group: readonly Finding[]): string {
  const { risk, rule, address, reason, allowed, fails } = group[0]!;
  const names = listed(group.map((finding) => code(finding.address)));
  const words = `- ${fails ? "⛔ " : ""}**${riskWords[risk]}** ${names} ${escape(reason)}`;
  if (allowed) return `${words} *Allowed by the pull request.*\n`;
  return fails && risk !== "failed"
    ? `${words} To allow it: ${code(`pgmoor: allow ${rule} ${address}`)}\n`
    : `${words}\n`;
}

function detailsOf({ service, details }: ServiceReview): string {
  const body = details.map(detailLines).join("");
  const fence = "`".repeat(Math.max(3, ...[...body.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `<details><summary>${escape(service)}: ${count(details.length, "resource")}</summary>\n\n${fence}diff\n${body}${fence}\n\n</details>\n`;
}

const actionWords: Readonly<Record<Detail["action"], string>> = {
  "no-op": "imported",
  create: "created",
  update: "changed",
  replace: "destroyed and created again",
  delete: "destroyed",
  forget: "forgotten, not destroyed",
};

export function detailLines({ address, action, lines }: Detail): string {
  return [
    `@@ ${printable(address)} @@ ${actionWords[action]}`,
    ...lines.map(({ sign, text }) => `${sign} ${printable(text)}`),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** Without control characters and what turns the direction of writing. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Characters that Markdown or HTML would take for its own, and how they are written to be themselves. */
const escapes: Readonly<Record<string, string>> = {
  "`": "&#96;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // A word joiner, so that nobody is called.
  "@": "@\u2060",
};

/** Text that is nothing but text, also in a table. */
export function escape(text: string): string {
  return printable(text).replace(
    /[\\`*_{}[\]<>|~#@&]/g,
    (character) => escapes[character] ?? `\\${character}`,
  );
}

/** Text as code, also in a table. */
function code(text: string): string {
  const plain = printable(text).replaceAll("|", "\\|") || " ";
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `\`${plain}\`` : `${ticks} ${plain} ${ticks}`;
}
