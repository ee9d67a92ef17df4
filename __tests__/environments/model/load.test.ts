import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadEnvironment } from "../../../environments/model/load";

const folder = mkdtempSync(join(tmpdir(), "pgmoor-environments-"));
const homelab = JSON.stringify(resolve(__dirname, "../../../environments/homelab"));

const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const load = (name: string) => loadEnvironment(name, folder);

beforeAll(() => {
  write("mine.ts", `import { homelab } from ${homelab};\nexport default { ...homelab, name: "mine" };\n`);
  write("copied.ts", `export { default } from ${homelab};\n`);
  write(
    "made.ts",
    `import { homelab } from ${homelab};\nexport default () => ({ ...homelab, name: "made-1" });\n`,
  );
  write("not-exported.ts", `import { homelab } from ${homelab};\nexport const mine = homelab;\n`);
  write("broken.ts", `import { nothing } from "./is-not-there";\nexport default nothing;\n`);
  write("README.md", "not an environment");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("an environment is found by its file alone", () => {
  expect(load("mine").name).toBe("mine");
  expect(load("made").name).toBe("made-1");
});

test("an environment that is not there is named with those that are", () => {
  expect(() => load("nope")).toThrow(
    'There is no environment "nope" (PGMOOR_ENVIRONMENT). Allowed: broken, copied, made, mine, not-exported; each is a file in environments/.',
  );
  expect(() => loadEnvironment("../main")).toThrow("There is no environment");
  expect(() => loadEnvironment("model")).toThrow("There is no environment");
});

test("a copy that has kept its name would share the states of the other: it is refused", () => {
  expect(() => load("copied")).toThrow(
    'name: "homelab" is not the name of the file environments/copied.ts. Allowed: "copied".',
  );
});

test("a file that exports no environment, or cannot be loaded, is named", () => {
  expect(() => load("not-exported")).toThrow(
    "environments/not-exported.ts exports no environment. Add its name to the end of the file: export default notExported;",
  );
  expect(() => load("broken")).toThrow(/^environments\/broken\.ts cannot be loaded: .*is-not-there/);
});
