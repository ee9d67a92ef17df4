import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pages } from "../../docs/generate";

test("the pages that are made from the code are what the code says (else: npm run docs)", () => {
  for (const [name, text] of Object.entries(pages()))
    expect(readFileSync(resolve(__dirname, "../../docs", name), "utf8")).toBe(text);
});
