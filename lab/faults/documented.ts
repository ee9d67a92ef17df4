/** Whether docs/ says what to do about a message: its tables quote messages in their first column, `…` for what differs. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expectThat } from "../story/expectations";

/** The pages for a person who has just read a message. */
const pages = ["when-a-move-fails", "go-back", "lost-state", "when-a-service-is-down"];

/** A shorter quotation would be found in any message. */
const shortest = 10;

const plain = (text: string) => text.replace(/[\s│]+/g, " ").trim();

function quotations(): RegExp[] {
  return pages.flatMap((page) => {
    const text = readFileSync(path.join(__dirname, `../../docs/${page}.md`), "utf8");
    const cells = [...text.matchAll(/^\|([^|]*)\|/gm)].map(([, cell]) => cell!);
    return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, quoted]) => pattern(quoted!)));
  });
}

function pattern(quoted: string): RegExp {
  const parts = quoted.split("…").map((part) => plain(part).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".*"));
}

/** @throws when no page quotes it */
export function expectDocumented(message: string): void {
  const text = plain(message);
  expectThat(
    quotations().some((one) => one.source.length >= shortest && one.test(text)),
    `docs/ (${pages.join(", ")}) should quote this message, and say what to do`,
    text,
  );
}
