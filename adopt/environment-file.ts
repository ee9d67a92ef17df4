/** Adds a service to the text of an environment's file, as a person would. */

export interface Line {
  /** What the file exports: `giteaJob`. */
  readonly constant: string;
  /** The file in `services/`, without ending: `gitea-job`. */
  readonly file: string;
  readonly existing: readonly string[];
}

/** The line of a service. */
export function lineOf({ constant, existing }: Line): string {
  const words = existing.length === 0 ? "" : `, existing: [${existing.map((one) => `"${one}"`).join(", ")}]`;
  return `{ definition: ${constant}, phase: "prepared"${words} },`;
}

export function importOf({ constant, file }: Pick<Line, "constant" | "file">): string {
  return `import { ${constant} } from "../services/${file}";`;
}

/**
 * The file with the service.
 *
 * @param present what the file calls the definition that the service has in it so far; its line gets the new one
 * @returns nothing where that cannot be done: its services are no list, or the line cannot be found
 */
export function withService(text: string, line: Line, present?: string): string | undefined {
  const changed = present === undefined ? added(text, line) : replaced(text, line, present);
  if (changed === undefined || changed.includes(importOf(line))) return changed;
  return `${importOf(line)}\n${changed}`;
}

function added(text: string, line: Line): string | undefined {
  const list = /\n([ \t]*)services:\s*\[/.exec(text);
  if (list === null) return undefined;
  const end = closing(text, list.index + list[0].length);
  if (end === undefined) return undefined;
  const before = text.slice(0, end).trimEnd();
  const comma = /[[,]$/.test(before) ? "" : ",";
  return `${before}${comma}\n${list[1]}  ${lineOf(line)}\n${list[1]}${text.slice(end)}`;
}

function replaced(text: string, { constant }: Line, present: string): string | undefined {
  const place = new RegExp(`(\\bdefinition:\\s*)${present.replace(/\$/g, "\\$")}(?=\\s*[,}])`);
  return place.test(text) ? text.replace(place, (_, before: string) => before + constant) : undefined;
}

/** The place of the bracket that closes the list: texts and comments do not count. */
function closing(text: string, from: number): number | undefined {
  let depth = 1;
  const tokens = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[[\]]/g;
  tokens.lastIndex = from;
  for (let found = tokens.exec(text); found !== null; found = tokens.exec(text)) {
    if (found[0] === "[") depth++;
    if (found[0] === "]") depth--;
    if (depth === 0) return found.index;
  }
  return undefined;
}
