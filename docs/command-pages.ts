/** A page for each command of `npm run pgmoor`, from what its `--help` says. */
import type { Command } from "commander";
import { pgmoor } from "../cli/program";

/** Where each command is used, step by step. */
const tasks: Readonly<Record<string, readonly [title: string, page: string]>> = {
  adopt: ["Adopt a service", "adopt-a-service.md"],
  migrate: ["Move a database by hand", "move-by-hand.md"],
  verify: ["Prove a copy again", "move-by-hand.md#prove-a-copy-again"],
  back: ["Go back to the source", "go-back.md#by-hand"],
  ledger: ["The ledger", "when-a-move-fails.md#the-ledger"],
  review: ["Review a plan", "review-a-plan.md"],
  plan: ["Review a plan", "review-a-plan.md"],
  deploy: ["Deploy from CI", "deploy-from-ci.md"],
  comment: ["Deploy from CI", "deploy-from-ci.md"],
  login: ["Deploy from CI", "deploy-from-ci.md"],
  "check-states": ["Retire a service", "retire-a-service.md"],
  check: ["Check before you deploy", "check.md"],
  status: ["See where you stand", "status.md"],
  monitoring: ["Monitor", "monitor.md"],
  report: ["Find slow statements, unused indexes and bloat", "report.md"],
  restore: ["Restore", "restore.md"],
};

/** The pages by their file's name below `docs/`. */
export function commandPages(): Record<string, string> {
  const commands = pgmoor().commands;
  return Object.fromEntries(commands.map((command) => [`commands/${command.name()}.md`, page(command)]));
}

function page(command: Command): string {
  const task = tasks[command.name()];
  if (task === undefined) throw new Error(`docs/command-pages.ts has no task for pgmoor ${command.name()}`);
  const [title, file] = task;
  return [
    `# pgmoor ${command.name()}`,
    "",
    `Used in: [${title}](../${file}). Made from \`--help\` by \`npm run docs\`.`,
    "",
    ...[command, ...command.commands].flatMap((one) => ["```", ...helpOf(one), "```", ""]),
  ].join("\n");
}

/** What `--help` prints, for a terminal of 100 columns, as it is typed in this project. */
function helpOf(command: Command): string[] {
  let text = "";
  command.configureOutput({ writeOut: (part) => void (text += part), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return text.trimEnd().replace("Usage: pgmoor", "Usage: npm run -s pgmoor --").split("\n");
}
