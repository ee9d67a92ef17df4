import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { withService } from "../../adopt/environment-file";

const line = { constant: "giteaJob", file: "gitea-job", existing: ["job", "secret"] } as const;

const file = `import type { Environment } from "./model/environment";

export const mine: Environment = {
  name: "mine",
  services: [
    // with a ] in it
    { definition: gitea, phase: "prepared", existing: ["job"] },
  ],
};
`;

test("a service comes last in the list, with its import", () => {
  expect(withService(file, line)).toMatchInlineSnapshot(`
    "import { giteaJob } from "../services/gitea-job";
    import type { Environment } from "./model/environment";

    export const mine: Environment = {
      name: "mine",
      services: [
        // with a ] in it
        { definition: gitea, phase: "prepared", existing: ["job"] },
        { definition: giteaJob, phase: "prepared", existing: ["job", "secret"] },
      ],
    };
    "
  `);
});

test("a service that is there gets the new definition, and keeps its phase", () => {
  const after = withService(file, line, "gitea");
  expect(after).toContain('    { definition: giteaJob, phase: "prepared", existing: ["job"] },\n  ],');
  expect(after).not.toContain("definition: gitea,");
});

test("an empty list, and the homelab's own file", () => {
  expect(withService("const e = {\n  services: [],\n};\n", line)).toContain(
    'services: [\n    { definition: giteaJob, phase: "prepared", existing: ["job", "secret"] },\n  ],',
  );
  const homelab = readFileSync(resolve(__dirname, "../../environments/homelab.ts"), "utf8");
  expect(withService(homelab, { ...line, constant: "notes", file: "notes" })).toMatch(
    /\}\)\),\n {4}\{ definition: notes, phase: "prepared", existing: \["job", "secret"\] \},\n {2}\],\n\};/,
  );
});

test("a file that has no such list is left alone", () => {
  expect(withService("export default () => make();\n", line)).toBeUndefined();
  expect(withService(file, line, "nextcloud")).toBeUndefined();
});
