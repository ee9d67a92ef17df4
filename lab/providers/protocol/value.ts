/**
 * Terraform's values (cty) and their types, as the stand-ins hold them: plain JavaScript, with `null`
 * for what is not set, {@link UNKNOWN} for what the apply will tell.
 */

/** The type of {@link UNKNOWN}. */
export class Unknown {
  readonly kind = "unknown";
}

/** A value that is not known yet. */
export const UNKNOWN = new Unknown();

/** A value that brings its own type, where the schema says `dynamic`. */
export class Dynamic {
  constructor(
    readonly type: Type,
    readonly value: Value,
  ) {}
}

export interface Fields {
  [name: string]: Value;
}

export type Value = null | string | number | boolean | Unknown | Dynamic | Value[] | Fields;

/** A cty type, spelled as cty's own JSON. Sets are arrays in any order. */
export type Type =
  | "string"
  | "number"
  | "bool"
  | "dynamic"
  | readonly ["list" | "set" | "map", Type]
  | readonly ["tuple", readonly Type[]]
  | readonly ["object", Readonly<Record<string, Type>>];

export function isFields(value: Value): value is Fields {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof Dynamic)
  );
}

/** Whether a value, or anything inside it, is unknown. */
export function hasUnknown(value: Value): boolean {
  if (value instanceof Unknown) return true;
  if (value instanceof Dynamic) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isFields(value) && Object.values(value).some(hasUnknown);
}

/** Whether two values of one type are the same: sets in any order, an unknown equal to an unknown only. */
export function equal(type: Type, a: Value, b: Value): boolean {
  return canonical(type, a) === canonical(type, b);
}

/**
 * Whether a value says nothing: null, or the zero of its type. The SDK that most providers are written
 * with does not tell these apart, and neither may the stand-ins.
 */
export function isZero(value: Value): boolean {
  if (value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.keys(value).length === 0;
}

/** One text per value: equal texts, equal values. */
function canonical(type: Type, value: Value): string {
  if (value === null) return "null";
  if (value instanceof Unknown) return "unknown";
  if (value instanceof Dynamic) return `${JSON.stringify(value.type)}:${canonical(value.type, value.value)}`;
  if (Array.isArray(value)) {
    const elements = value.map((element, index) => canonical(elementType(type, index), element));
    if (typeof type !== "string" && type[0] === "set") elements.sort();
    return `[${elements.join(",")}]`;
  }
  if (isFields(value)) {
    const names = Object.keys(value).sort();
    const fields = names.map(
      (name) => `${JSON.stringify(name)}:${canonical(elementType(type, name), value[name] ?? null)}`,
    );
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The type of one element (by index) or field (by name) of a value of `type`. */
export function elementType(type: Type, key: number | string): Type {
  if (typeof type === "string") return "dynamic";
  const inner =
    type[0] === "tuple" || type[0] === "object" ? (type[1] as Record<string, Type>)[key] : type[1];
  if (inner === undefined) throw new Error(`a value of type ${JSON.stringify(type)} has no ${String(key)}`);
  return inner;
}
