import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const pages = ["README.md", "CHANGELOG.md", ...readdirSync(join(root, "docs"), { recursive: true })]
  .map(String)
  .filter((file) => file.endsWith(".md"))
  .map((file) => (existsSync(join(root, file)) ? join(root, file) : join(root, "docs", file)));

/** A heading's anchor as GitHub makes it: lower case, without punctuation, dashes for spaces. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[`*]/g, "")
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsOf(page: string): string[] {
  const text = readFileSync(page, "utf8").replace(/```[\s\S]*?```/g, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
}

test.each(pages.map((page) => [relative(root, page), page]))(
  "every link in %s leads somewhere",
  (_, page) => {
    const text = readFileSync(page, "utf8").replace(/```[\s\S]*?```/g, "");
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? page : resolve(dirname(page), file);
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      });
    expect(broken).toEqual([]);
  },
);

test("the index leads to every page", () => {
  const index = readFileSync(join(root, "docs/README.md"), "utf8");
  const missing = readdirSync(join(root, "docs"), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".md") && file !== "README.md" && !index.includes(`(${file})`));
  expect(missing).toEqual([]);
});
