/** The forms in which apps write a list to SQLite: as JSON, or as PostgreSQL writes an array. */
import { text, type Form } from "./sqlite-forms";

type Element = string | null | readonly Element[];

const numbers = new Set(["_int2", "_int4", "_int8", "_numeric", "_float4", "_float8", "_oid"]);
const json = new Set(["_json", "_jsonb"]);

/** PostgreSQL's `{a,"b c",NULL}`; `undefined` with bounds of its own, which JSON has none of. */
function elementsOf(field: string): Element | undefined {
  if (!field.startsWith("{")) return undefined;
  const tokens = field.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{},]|[^{},"]+/gs) ?? [];
  let at = 0;
  const value = (): Element => {
    const token = tokens[at++]!;
    if (token.startsWith('"')) return token.slice(1, -1).replace(/\\(.)/gs, "$1");
    if (token !== "{") return token === "NULL" ? null : token;
    const items: Element[] = [];
    while (tokens[at] !== "}") {
      if (tokens[at] === ",") at++;
      items.push(value());
    }
    at++;
    return items;
  };
  return value();
}

/** How a whole number is written: as the server does, without zeros behind the point, or with one, as Python writes a float. */
const wholes: readonly ((number: string) => string)[] = [
  (number) => (number.includes(".") ? number.replace(/\.?0+$/, "") : number),
  (number) => (/^-?\d+(\.0+)?$/.test(number) ? `${number.replace(/\.0+$/, "")}.0` : number),
];

const ascii = (string: string) =>
  string.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** @param type of the array, `_text`. */
export function listForms(type: string): readonly Form[] {
  const forms = [",", ", "].flatMap((separator) =>
    [(string: string) => string, ascii].flatMap((escape, place) =>
      wholes.slice(0, numbers.has(type) ? 2 : 1).map((whole, style): Form => {
        const leaf = (written: string): string | undefined => {
          if (type === "_bool") return written === "t" ? "true" : "false";
          if (numbers.has(type)) return /^-?\d/.test(written) ? whole(written) : undefined;
          return json.has(type) ? written : escape(JSON.stringify(written));
        };
        const render = (element: Element): string | undefined => {
          if (element === null) return "null";
          if (typeof element === "string") return leaf(element);
          const items = element.map(render);
          return items.includes(undefined) ? undefined : `[${items.join(separator)}]`;
        };
        return {
          name: `JSON, separated by "${separator}", ${place === 0 ? "UTF-8" : "ASCII"}, numbers ${style}`,
          write: (field) => {
            const elements = elementsOf(field);
            return elements === undefined ? undefined : render(elements);
          },
        };
      }),
    ),
  );
  return [...forms, text];
}
