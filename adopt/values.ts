/** The variables of a task: what its job says of them. */
import { variablesIn } from "../nomad/env-template";
import type { Task } from "../nomad/job";

/** A variable's value as the job has it: a text, or a template of one. */
export interface Value {
  readonly text: string;
  /** Whether only Nomad knows it. */
  readonly rendered: boolean;
}

/** What is rendered overrules what is said in `env`, as in Nomad. */
export function valuesOf(task: Task): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const [name, text] of Object.entries(task.Env ?? {})) values.set(name, valueOf(text));
  for (const { Envvars, EmbeddedTmpl = "" } of task.Templates ?? [])
    if (Envvars === true)
      for (const [name, text] of variablesIn(EmbeddedTmpl)) values.set(name, valueOf(unquoted(text)));
  return values;
}

function valueOf(text: string): Value {
  return { text, rendered: text.includes("{{") };
}

function unquoted(text: string): string {
  return /^(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? text;
}

/** The secret and the field that a rendered value is, and nothing else: `{{ with secret "secret/data/x" }}{{ .Data.data.y }}{{ end }}`. */
export function secretOf(
  text: string,
  template: string,
  mount: string,
): { secret: string; field: string } | undefined {
  const field = /\.Data\.data\.(\w+)/.exec(text)?.[1];
  // The block may have begun on an earlier line.
  const [, path] =
    /secret\s+"([^"]+)"/.exec(text) ??
    [...template.slice(0, template.indexOf(text)).matchAll(/secret\s+"([^"]+)"/g)].at(-1) ??
    [];
  if (field === undefined || path === undefined || !path.startsWith(`${mount}/data/`)) return undefined;
  return { secret: path.slice(`${mount}/data/`.length), field };
}

/** An address that is rendered, with the service of Consul's that it is of: `{{ range service "x" }}` may stand on an earlier line. */
export function withService(text: string, task: Task): string {
  if (!/\.(Address|NodeAddress)\b/.test(text) || /service\s+"/.test(text)) return text;
  const template = (task.Templates ?? [])
    .map(({ EmbeddedTmpl = "" }) => EmbeddedTmpl)
    .find((one) => one.includes(text));
  const [block] = [...(template ?? "").split(text)[0]!.matchAll(/service\s+"[^"]+"/g)].at(-1) ?? [];
  return block === undefined ? text : `{{ ${block} }}${text}`;
}
