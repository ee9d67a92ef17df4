/** Env files that somebody wrote as templates: which variables they set, and the same without some of them. */
import type { Template } from "./job";

/** A line that sets a variable, as Nomad's reader of env files takes it. Actions may stand before and after. */
const setting = /^\s*(?:\{\{[^}]*\}\}\s*)*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=(.*)$/;
const opening = /\{\{-?\s*(?:with|if|range|block|define)\b/g;
const closing = /\{\{-?\s*end\b/g;

/** The variables that a text sets, with the texts of their values: templates still, in quotes if they were. */
export function variablesIn(text: string): [name: string, value: string][] {
  return settingsIn(text).map(({ name, value }) => [name, value]);
}

/** A line that sets a variable. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  /** The text before the value: the blocks that it stands in begin there. */
  readonly before: string;
}

export function settingsIn(text: string): Setting[] {
  let at = 0;
  return text.split("\n").flatMap((line): Setting[] => {
    const [, name, value] = setting.exec(line) ?? [];
    const begin = at;
    at += line.length + 1;
    if (name === undefined) return [];
    return [{ name, value: value!.trim(), before: text.slice(0, begin + line.length - value!.length) }];
  });
}

/**
 * The template without the lines that set these variables. Where a block begins or ends on such a line, it stays: what is
 * rendered later overrules it.
 *
 * @returns nothing when no variable is left
 */
export function withoutVariables(template: Template, names: ReadonlySet<string>): Template | undefined {
  const { EmbeddedTmpl: text, Envvars } = template;
  if (Envvars !== true || text === undefined) return template;
  const lines = text.split("\n");
  const kept = lines.filter((line) => {
    const [, name] = setting.exec(line) ?? [];
    return name === undefined || !names.has(name) || !balanced(line);
  });
  if (kept.length === lines.length) return template;
  const left = kept.join("\n");
  return variablesIn(left).length === 0 ? undefined : { ...template, EmbeddedTmpl: left };
}

function balanced(line: string): boolean {
  return (line.match(opening) ?? []).length === (line.match(closing) ?? []).length;
}
