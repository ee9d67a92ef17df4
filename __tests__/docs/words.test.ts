import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import words from "../../docs/words.json";

const root = resolve(__dirname, "../..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true }).map((file) => `docs/${String(file)}`),
];

/** As `npm run lint` for the messages. */
test("the docs have none of the odd words in docs/words.json", () => {
  const found = pages
    .filter((page) => page.endsWith(".md"))
    .flatMap((page) =>
      readFileSync(join(root, page), "utf8")
        .split("\n")
        .flatMap((line, number) =>
          Object.entries(words)
            .filter(([word]) => new RegExp(`\\b(${word})\\b`, "i").test(line))
            .map(([word, instead]) => `${page}:${number + 1}: ${word}: ${instead}`),
        ),
    );
  expect(found).toEqual([]);
});
