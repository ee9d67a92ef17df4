/**
 * Times the review of as many services' plans as are given (default 1000), against a peer in the same run: JSON.parse and
 * JSON.stringify of the same plans. The median of five; the last line is JSON.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { renderMarkdown } from "../review/markdown";
import { readInput } from "../review/read";
import { review } from "../review/review";
import type { StackInput } from "../review/stack";

const folder = path.resolve(__dirname, "../__tests__/review/plans");
const count = Number(process.argv[2] ?? 1000);

const situations = fs.readdirSync(folder).map((name) => readInput(path.join(folder, name, "plan.json")));
const texts = Array.from({ length: count }, (_, index) =>
  JSON.stringify(situations[index % situations.length]).replaceAll("vaultwarden", `service-${index}`),
);
const inputs = texts.map((text, index): StackInput => ({
  ...(JSON.parse(text) as StackInput),
  service: `service-${index}`,
}));

function median(work: () => void): number {
  const runs = Array.from({ length: 5 }, () => {
    const begun = performance.now();
    work();
    return (performance.now() - begun) / 1000;
  });
  return runs.sort((a, b) => a - b)[2]!;
}

const seconds = median(() => renderMarkdown(review(inputs)));
const peer = median(() => texts.forEach((text) => JSON.stringify(JSON.parse(text))));
const two = (number: number) => Number(number.toFixed(2));
console.log(
  `${count} services reviewed in ${two(seconds)} s; their plans parsed and printed in ${two(peer)} s`,
);
console.log(JSON.stringify({ services: count, seconds: two(seconds), vsJson: two(seconds / peer) }));
