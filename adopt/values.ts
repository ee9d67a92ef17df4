/** The variables of a task: what its job says of them. */
import { settingsIn } from "../nomad/env-template";
import type { Task } from "../nomad/job";
import { withUsualDelimiters } from "../nomad/template-reads";

/** A variable's value as the job has it: a text, or a template of one. */
export interface Value {
  readonly text: string;
  /** Whether only Nomad knows it. */
  readonly rendered: boolean;
  /** What its template has before it. Empty: it is said in `env`. */
  readonly before: string;
}

export type Values = ReadonlyMap<string, Value>;

/** What is rendered overrules what is said in `env`, as in Nomad. */
export function valuesOf(task: Task): Values {
  const values = new Map<string, Value>();
  for (const [name, text] of Object.entries(task.Env ?? {})) values.set(name, valueOf(text, ""));
  for (const { Envvars, EmbeddedTmpl = "", LeftDelim, RightDelim } of task.Templates ?? [])
    if (Envvars === true)
      for (const [name, value] of renderedIn(withUsualDelimiters(EmbeddedTmpl, LeftDelim, RightDelim)))
        values.set(name, value);
  return values;
}

/** Of two values that exclude each other (`{{ else }}`), the first: the other is a stopgap. */
function renderedIn(template: string): Values {
  const values = new Map<string, Value>();
  for (const { name, value, before } of settingsIn(template)) {
    const first = values.get(name);
    if (first !== undefined && /\{\{-?\s*else\b/.test(before.slice(first.before.length))) continue;
    values.set(name, valueOf(unquoted(value), before));
  }
  return values;
}

function valueOf(text: string, before: string): Value {
  return { text, rendered: text.includes("{{"), before };
}

function unquoted(text: string): string {
  return /^(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? text;
}

/** The secret and the field that a rendered value is, and nothing else: `{{ with secret "secret/data/x" }}{{ .Data.data.y }}{{ end }}`. */
export function secretOf(
  { text, before }: Value,
  mount: string,
): { secret: string; field: string } | undefined {
  const field = /\.Data\.data\.(\w+)/.exec(text)?.[1];
  // The block may have begun on an earlier line.
  const [, path] =
    /secret\s+"([^"]+)"/.exec(text) ?? [...before.matchAll(/secret\s+"([^"]+)"/g)].at(-1) ?? [];
  if (field === undefined || path === undefined || !path.startsWith(`${mount}/data/`)) return undefined;
  return { secret: path.slice(`${mount}/data/`.length), field };
}

/** An address in a value, with the service of Consul's that it is of: `{{ range service "x" }}` may stand before it. */
export function withService(address: string, { text, before }: Value): string {
  if (!/\.(Address|NodeAddress)\b/.test(address) || /service\s+"/.test(address)) return address;
  const above = before + text.slice(0, Math.max(0, text.indexOf(address)));
  const [block] = [...above.matchAll(/service\s+"[^"]+"/g)].at(-1) ?? [];
  return block === undefined ? address : `{{ ${block} }}${address}`;
}
