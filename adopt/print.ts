/** Prints a definition as the TypeScript that a person would write. */
import * as estree from "prettier/plugins/estree";
import * as typescript from "prettier/plugins/typescript";
import { format } from "prettier/standalone";
import { Unanswered } from "../services/todo";
import type { OpenDefinition } from "./open";

export interface Printed {
  /** The file's name, and that of what it exports. */
  readonly file: string;
  readonly constant: string;
  readonly text: string;
}

/**
 * @param heading what the file's first comment says
 * @param file its name, without folder and ending
 */
export async function printDefinition(
  definition: OpenDefinition,
  heading: readonly string[],
  file: string,
): Promise<Printed> {
  const { name, jobspec, ...fields } = definition;
  const constant = constantOf(file);
  const used = new Set<string>();
  const job = code(jobspec, used);
  const body = code({ name, ...fields }, used, { jobspec: "jobspec" });
  const durations = ["hours", "minutes", "seconds"].filter((one) => used.has(one));
  const text = [
    ...(durations.length > 0 ? [`import { ${durations.join(", ")} } from "../nomad/duration";`] : []),
    `import type { Job } from "../nomad/job";`,
    `import { defineJob } from "./job-definition";`,
    ...(used.has("todo") ? [`import { todo } from "./todo";`] : []),
    "",
    comment(heading),
    `const jobspec: Job = ${job};`,
    "",
    `export const ${constant} = defineJob(${body});`,
    "",
  ].join("\n");
  return { file: `services/${file}.ts`, constant, text: await formatted(text) };
}

export function constantOf(name: string): string {
  return name.replace(/-+(.)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? "");
}

function comment(lines: readonly string[]): string {
  return ["/**", ...lines.map((line) => ` * ${line.replaceAll("*/", "*\\/")}`), " */"].join("\n");
}

function formatted(text: string): Promise<string> {
  return format(text, { parser: "typescript", plugins: [estree, typescript], printWidth: 110 });
}

/** Fields of Nomad's API that are durations in nanoseconds. */
const durationFields = new Set<string>([
  "Delay",
  "Grace",
  "HealthyDeadline",
  "Interval",
  "KillTimeout",
  "LostAfter",
  "Max",
  "MaxClientDisconnect",
  "MaxDelay",
  "Min",
  "MinHealthyTime",
  "ProgressDeadline",
  "ShutdownDelay",
  "Splay",
  "Stagger",
  "StopAfterClientDisconnect",
  "StopOnClientAfter",
  "TTL",
  "Timeout",
]);

function code(
  value: unknown,
  used: Set<string>,
  inserted: Readonly<Record<string, string>> = {},
  field = "",
): string {
  if (value instanceof Unanswered) {
    used.add("todo");
    return `todo(${text(value.question)})`;
  }
  if (typeof value === "number" && durationFields.has(field)) return duration(value, used);
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map((one) => code(one, used)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([one], [other]) => rank(one) - rank(other));
    const first = Object.entries(inserted).map(([key, name]) => (key === name ? key : `${key}: ${name}`));
    const all = members.map(([key, member]) => `${keyOf(key)}: ${code(member, used, {}, key)}`);
    // The name, then what is inserted.
    return `{\n${[...all.slice(0, first.length), ...first, ...all.slice(first.length)].join(",\n")}\n}`;
  }
  return JSON.stringify(value);
}

/** What a person writes first. The other fields keep Nomad's order. */
const firstFields = ["ID", "Name", "Label", "Type", "Namespace", "Region", "Datacenters", "Driver", "Config"];
const lastFields = ["Tasks", "TaskGroups"];

function rank(field: string): number {
  const first = firstFields.indexOf(field);
  return first >= 0 ? first - firstFields.length : lastFields.indexOf(field) + 1;
}

function duration(nanoseconds: number, used: Set<string>): string {
  const amount = nanoseconds / 1e9;
  if (amount === 0) return "0";
  const [unit, divisor] =
    amount % 3600 === 0
      ? (["hours", 3600] as const)
      : amount % 60 === 0
        ? (["minutes", 60] as const)
        : (["seconds", 1] as const);
  used.add(unit);
  return `${unit}(${amount / divisor})`;
}

function keyOf(key: string): string {
  if (key === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

/** Several lines as a template literal, with everything in it as it is. */
function text(value: string): string {
  if (!value.includes("\n") || /[\r\0]|\p{Cs}/u.test(value)) return JSON.stringify(value);
  return `\`${value.replace(/[\\`]|\$(?=\{)/g, (one) => `\\${one}`)}\``;
}
