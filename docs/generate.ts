/**
 * Writes the pages that are made from the code: `services.md` from the homelab and the catalogue, `definition.md` from the types,
 * `commands/` from what `--help` says. A test
 * fails when they are not what this would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { EnvironmentService } from "../environments/model/environment";
import { homelab } from "../environments/homelab";
import { dsnVariables } from "../nomad/dsn";
import { catalogue } from "../services/catalogue";
import { commandPages } from "./command-pages";
import { databaseName, type Program } from "../services/definition";
import { hasJobspec, type AnySource, type Definition } from "../services/job-definition";

const root = join(__dirname, "..");

/** The pages by their file's name. */
export function pages(): Record<string, string> {
  return { "services.md": servicesPage(), "definition.md": definitionPage(), ...commandPages() };
}

function servicesPage(): string {
  return [
    "# The catalogue's services",
    "",
    "Made from the code by `npm run docs`. Each is a file in `services/`.",
    "",
    "## In the homelab",
    "",
    "| service | image | source | database | extensions | DSN variables | phase |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...homelab.services.map(serviceRow),
    "",
    ...homelab.services.flatMap(({ definition }) => notes(definition)),
    "",
    "## Others",
    "",
    "`registry.example` stands for an image that you build: the file says what it has to have.",
    "",
    "| service | image | source | database | extensions | DSN variables |",
    "| --- | --- | --- | --- | --- | --- |",
    ...others.map((definition) => row(cellsOf(definition))),
    "",
  ].join("\n");
}

const others = catalogue.filter(({ name }) =>
  homelab.services.every(({ definition }) => definition.name !== name),
);

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function serviceRow({ definition, phase, existing = [] }: EnvironmentService): string {
  return row([...cellsOf(definition), existing.includes("database") ? `${phase}, adopted` : phase]);
}

function cellsOf(definition: Definition): string[] {
  const { source, database, dsn } = definition;
  const from = source === undefined ? "on the server already" : sourceOf(source);
  return [
    definition.name,
    hasJobspec(definition) ? "its own" : nameOf(definition.program),
    from,
    databaseName(definition),
    (database.extensions ?? []).join(", ") || "none",
    dsnVariables(dsn)
      .map((name) => `\`${name}\``)
      .join(" "),
  ];
}

function sourceOf(source: AnySource): string {
  if (source.kind === "sqlite") return `SQLite, \`${source.file}\``;
  return `PostgreSQL, ${"program" in source ? nameOf(source.program) : source.task}`;
}

function nameOf(program: Program): string {
  return program.driver === "docker" ? `\`${program.image}\`` : program.command.join(" ");
}

function notes({ name, cannotMove, readsDsnOnce }: Definition): string[] {
  return [
    ...(cannotMove === undefined ? [] : [`- **${name}** cannot move: ${cannotMove}.`]),
    ...(readsDsnOnce === undefined ? [] : [`- **${name}** cannot rotate by itself: ${readsDsnOnce}.`]),
  ];
}

function definitionPage(): string {
  const sections = [
    ["services/definition.ts", "What a service is"],
    ["services/job-definition.ts", "A service with a job of your own"],
    ["nomad/job.ts", "The job, as Nomad's API has it"],
    ["nomad/job-service.ts", "Its services and checks"],
    ["nomad/driver-config.ts", "What a task's driver is told"],
    ["services/rules.ts", "What a copy may do to its data"],
    ["nomad/dsn.ts", "How it takes its DSN"],
    ["environments/model/environment.ts", "The environment it is in"],
    ["services/server-job.ts", "The central server and its backups"],
  ] as const;
  return [
    "# Every field of a definition and of an environment",
    "",
    "Made from the types by `npm run docs`.",
    "",
    ...sections.flatMap(([file, title]) => [`## ${title}`, "", `\`${file}\``, "", ...typesOf(file)]),
  ].join("\n");
}

/** A section for each exported interface, a row for each of its fields. */
function typesOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .flatMap((declaration) => [
      `### ${declaration.name.text}`,
      "",
      commentOf(declaration),
      "",
      "| field | type | meaning |",
      "| --- | --- | --- |",
      ...fieldsOf(declaration.members, source, ""),
      "",
    ]);
}

function fieldsOf(members: ts.NodeArray<ts.TypeElement>, source: ts.SourceFile, prefix: string): string[] {
  return members.filter(ts.isPropertySignature).flatMap((member) => {
    const name = `${prefix}${member.name.getText(source)}`;
    const optional = member.questionToken === undefined ? "" : "?";
    const { type } = member;
    if (type !== undefined && ts.isTypeLiteralNode(type))
      return [
        `| \`${name}${optional}\` | object | ${commentOf(member)} |`,
        ...fieldsOf(type.members, source, `${name}.`),
      ];
    const written = (type?.getText(source) ?? "unknown").replace(/\s+/g, " ").replaceAll("readonly ", "");
    return [`| \`${name}${optional}\` | \`${written.replaceAll("|", "\\|")}\` | ${commentOf(member)} |`];
  });
}

/** A doc comment in one line, with the default at its end. */
function commentOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((doc) => {
      const said = ts.getTextOfJSDocComment(doc.comment) ?? "";
      const tags = (doc.tags ?? [])
        .filter(({ tagName }) => tagName.text === "default")
        .map((tag) => `Default: ${ts.getTextOfJSDocComment(tag.comment) ?? ""}.`);
      return [said, ...tags].join(" ").replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
    })
    .join(" ");
}

if (require.main === module)
  for (const [name, text] of Object.entries(pages())) {
    mkdirSync(dirname(join(__dirname, name)), { recursive: true });
    writeFileSync(join(__dirname, name), text);
    console.log(`docs/${name}`);
  }
