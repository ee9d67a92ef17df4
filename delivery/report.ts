import { escape } from "../review/markdown";
import type { Result } from "./deploying";

/** By this a later deploy of the same pull request finds its comment again. */
export const deployMarker = "<!-- pgmoor deploy -->";

const signs: Readonly<Record<Result["outcome"], string>> = {
  applied: "✅",
  "nothing to do": "✅",
  "not reached": "…",
  refused: "⛔",
  failed: "⛔",
};

/** How a deploy went, as a comment. */
export function deployReport(results: readonly Result[]): string {
  const stopped = results.find(({ outcome }) => outcome === "refused" || outcome === "failed");
  const verdict = stopped === undefined ? "Deployed." : `Stopped at ${stopped.service}: ${stopped.outcome}.`;
  return [
    deployMarker,
    "### Deploy",
    "",
    `**${escape(verdict)}**`,
    "",
    "| service | outcome | |",
    "| --- | --- | --- |",
    ...results.map(
      (result) =>
        `| ${escape(result.service)} | ${signs[result.outcome]} ${result.outcome} | ${words(result)} |`,
    ),
    "",
  ].join("\n");
}

function words(result: Result): string {
  if ("happens" in result) return result.happens.map(escape).join("; ");
  if ("why" in result) return result.why.map((one) => escape(one.replace(/\s+/g, " "))).join("<br>");
  return "";
}
