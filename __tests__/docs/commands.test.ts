import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommanderError, type Command } from "commander";
import { pgmoor } from "../../cli/program";
import { faultsNamed } from "../../lab/faults/command";
import { labCommands } from "../../lab/commands";

const root = resolve(__dirname, "../..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true }).map((file) => `docs/${String(file)}`),
]
  .filter((file) => file.endsWith(".md"))
  // Made from `--help` themselves.
  .filter((file) => !file.startsWith("docs/commands/"));

/** What a page tells people to type: the lines of its shell blocks, and code in its sentences. */
function typedIn(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const shell = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].map(([, code]) =>
    // One command a line: lines go on after a backslash, and inside of quotes.
    code!.replaceAll(/\\\n\s*/g, "").replaceAll(/(?<= )'[^']*'/g, (quoted) => quoted.replaceAll("\n", " ")),
  );
  const inline = [...text.replaceAll(/^ *```[\s\S]*?^ *```/gm, "").matchAll(/`([^`\n]+)`/g)].map(
    ([, code]) => code!,
  );
  return [...shell.flatMap((code) => code.split("\n")), ...inline].map((line) => line.trim());
}

/** The words of a command up to a comment, a pipe or the next command. */
function wordsOf(line: string): string[] {
  const [, command = ""] = /^((?:"[^"]*"|'[^']*'|[^"'#|;&>])*)/.exec(line) ?? [];
  return [...command.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ""));
}

interface Typed {
  readonly page: string;
  readonly line: string;
  /** Without the program itself. */
  readonly words: string[];
}

function commandsOf(program: RegExp): Typed[] {
  return pages.flatMap((page) =>
    typedIn(page).flatMap((line) => {
      const found = program.exec(line);
      return found === null ? [] : [{ page, line, words: wordsOf(line.slice(found[0].length)) }];
    }),
  );
}

/** Why a program would refuse the words. Nothing is run; `…` and `[SERVICE…]` stand for words that a person fills in. */
function refusalOf(program: Command, words: readonly string[]): string | undefined {
  // A command that is only named has no arguments.
  const isLeftOut = words.includes("…") || words.length === 1;
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(quiet);
  };
  quiet(program);
  try {
    program.parse(
      words.filter((word) => word !== "…").map((word) => word.replaceAll(/[[\]…]/g, "")),
      { from: "user" },
    );
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isMissing = /^commander\.missing/.test(error.code);
    if (error.code !== "commander.helpDisplayed" && !(isMissing && isLeftOut)) return error.message;
  }
  return undefined;
}

const never = (): Promise<never> => Promise.reject(new Error("a command was run"));
const lab = () =>
  labCommands({
    run: never,
    up: never,
    review: never,
    adopt: never,
    faults: never,
    backups: never,
    server: never,
    monitoring: never,
    exec: never,
    status: never,
    down: never,
  });

test("every npm script in the docs is in package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const unknown = commandsOf(/^npm run (?:-s )?(?=[a-z])/).filter(
    ({ words }) => scripts[words[0]!] === undefined,
  );
  expect(unknown).toEqual([]);
});

test.each([
  ["pgmoor", pgmoor, /^(?:npm run (?:-s )?pgmoor(?: --|$)|pgmoor (?=[a-z-]+))/, 20],
  ["npm run lab", lab, /^npm run (?:-s )?lab(?: --|$)/, 10],
] as const)("%s takes every command in the docs, with its options", (_, program, prefix, least) => {
  const typed = commandsOf(prefix);
  const refused = typed.flatMap(({ page, line, words }) => {
    const why = words.length === 0 ? undefined : refusalOf(program(), words);
    return why === undefined ? [] : [{ page, line, why }];
  });
  expect(refused).toEqual([]);
  expect(typed.length).toBeGreaterThanOrEqual(least);
});

test("every fault in the docs exists", () => {
  const named = commandsOf(/^npm run lab -- faults /).flatMap(({ words }) =>
    words.filter((word) => !word.startsWith("-")),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(() => faultsNamed(named)).not.toThrow();
});

/** What a program prints of its commands and options. */
function help(program: readonly string[], command: string): string {
  const [file, ...args] = [...program, command, "--help"];
  return execFileSync(file, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "ignore"],
  });
}

test.each([
  ["cdktf", ["node_modules/.bin/cdktf"], /^(?:npx )?cdktf (?=[a-z])/],
  [
    "pgmoor-migrator",
    [process.execPath, "-r", "tsx/cjs", "migrator/job/main.ts"],
    /^(?:node \S*)?pgmoor-migrator(?:\.cjs)? (?=[a-z])/,
  ],
] as const)("%s has every option that the docs give it", (_, program, prefix) => {
  const typed = commandsOf(prefix);
  const commands = new Set(typed.map(({ words }) => words[0]!));
  const all = help(program, "");
  for (const command of commands) expect(all).toMatch(new RegExp(`\\b${command}\\b`));
  const unknown = [...commands].flatMap((command) => {
    const options = typed
      .filter(({ words }) => words[0] === command)
      .flatMap(({ words }) => words.filter((word) => word.startsWith("--")));
    const known = options.length === 0 ? "" : help(program, command);
    return options
      .filter((option) => !new RegExp(`${option}\\b`).test(known))
      .map((option) => `${command} ${option}`);
  });
  expect(unknown).toEqual([]);
  expect(typed.length).toBeGreaterThan(0);
});
