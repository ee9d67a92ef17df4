import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { printDefinition } from "../../adopt/print";
import type { OpenDefinition } from "../../adopt/open";
import { todo } from "../../services/todo";
import { definitionOf } from "./jobs";

const folder = mkdtempSync(resolve(__dirname, ".printed-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function printed(definition: OpenDefinition, file: string): Promise<string> {
  const { text } = await printDefinition(definition, [`Of ${file}.`], file);
  const path = join(folder, `${file}.ts`);
  writeFileSync(
    path,
    text.replaceAll('from "../', 'from "../../../').replaceAll('from "./', 'from "../../../services/'),
  );
  return path;
}

function errors(files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(resolve(__dirname, "../../tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve(__dirname, "../.."));
  const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false, types: ["node"] });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

test("what is printed has the types of a definition and is the definition; a question has none", async () => {
  const names = ["bookmarks", "forge", "dashboards", "reader", "notes"] as const;
  const files = await Promise.all(names.map((name) => printed(definitionOf(name), name)));
  expect(errors(files)).toEqual([]);
  for (const [index, name] of names.entries()) {
    const exported = jest.requireActual<Record<string, unknown>>(files[index]!);
    expect(exported[name]).toEqual(definitionOf(name));
  }
  const asked = { ...definitionOf("notes"), dsn: todo("which variable?") };
  const [error, ...others] = errors([await printed(asked, "asked")]);
  expect(error).toMatch(/'Unanswered' is not assignable/);
  expect(others).toEqual([]);
}, 60_000);

test("a template that Nomad renders reads as a person wrote it", async () => {
  const { text } = await printDefinition(definitionOf("dashboards"), ["Of dashboards."], "dashboards");
  expect(text).toMatchSnapshot();
});
