import { decode as unpack, encode as pack, ExtData, ExtensionCodec } from "@msgpack/msgpack";
import {
  Dynamic,
  elementType,
  isFields,
  UNKNOWN,
  Unknown,
  type Fields,
  type Type,
  type Value,
} from "./value";

/** A value on the wire, as the protocol's DynamicValue. */
export interface WireValue {
  msgpack: Uint8Array;
  json: Uint8Array;
}

/** An unknown is extension 0; 12 is one of which Terraform knows something (a prefix, "not null"). */
const codec = new ExtensionCodec();
codec.register({
  type: 0,
  encode: (value) => (value instanceof Unknown ? new Uint8Array([0]) : null),
  decode: () => UNKNOWN,
});
codec.register({ type: 12, encode: () => null, decode: () => UNKNOWN });
const options = { extensionCodec: codec, useBigInt64: true } as const;

/** Codes a value of a type; every field of an object has to be there, as null if nothing else. */
export function encode(type: Type, value: Value): WireValue {
  return { msgpack: pack(toWire(type, value), options), json: new Uint8Array() };
}

/** Reads a value of a type. Throws what a programmer should know: Terraform never sends it wrong. */
export function decode(type: Type, wire: WireValue | null): Value {
  if (wire?.msgpack.length) return fromWire(type, unpack(wire.msgpack, options));
  if (wire?.json.length) return fromJson(type, JSON.parse(Buffer.from(wire.json).toString()));
  return null;
}

/** Reads a state file's JSON, in which fields may be missing, or be there that the type does not have. */
export function fromJson(type: Type, json: unknown): Value {
  if (json === null || json === undefined) return null;
  if (type === "dynamic") {
    const { type: inner, value } = json as { type: Type; value: unknown };
    return new Dynamic(inner, fromJson(inner, value));
  }
  return build(type, json, fromJson);
}

function fromWire(type: Type, raw: unknown): Value {
  if (raw === null || raw === undefined) return null;
  if (raw instanceof Unknown) return UNKNOWN;
  if (raw instanceof ExtData) throw new Error(`unknown extension ${raw.type}`);
  if (type === "dynamic") {
    const [json, value] = raw as [Uint8Array, unknown];
    const inner = JSON.parse(Buffer.from(json).toString()) as Type;
    return new Dynamic(inner, fromWire(inner, value));
  }
  return build(type, raw, fromWire);
}

/** Makes a value of a type that is not dynamic out of what either coding gave. */
function build(type: Type, raw: unknown, part: (type: Type, raw: unknown) => Value): Value {
  if (type === "number") return toNumber(raw as number | bigint | string);
  if (typeof type === "string") return raw as string | boolean;
  if (type[0] === "object") {
    const given = raw as Record<string, unknown>;
    return mapFields(type[1], (name, inner) => part(inner, given[name]));
  }
  if (type[0] === "map")
    return mapFields(raw as Record<string, unknown>, (_name, field) => part(type[1], field));
  return (raw as unknown[]).map((element, index) => part(elementType(type, index), element));
}

/** Numbers come as integer, double, or text where a double would not be exact. */
function toNumber(raw: number | bigint | string): number {
  const number = Number(raw);
  const safe = Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);
  if (!safe) throw new Error(`the number ${raw} is beyond what the stand-ins can hold`);
  return number;
}

function toWire(type: Type, value: Value): unknown {
  if (value === null || value instanceof Unknown) return value;
  if (type === "dynamic") {
    if (!(value instanceof Dynamic)) throw new Error("a dynamic value brings its type");
    return [Buffer.from(JSON.stringify(value.type)), toWire(value.type, value.value)];
  }
  // Terraform holds 0.1 as the decimal it is and would not find the double equal to it.
  if (typeof value === "number") return Number.isInteger(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((element, index) => toWire(elementType(type, index), element));
  if (!isFields(value)) return value;
  if (typeof type !== "string" && type[0] === "object") {
    return mapFields(type[1], (name, inner) => toWire(inner, value[name] ?? null));
  }
  return mapFields(value, (name, field) => toWire(elementType(type, name), field));
}

function mapFields<T, U>(
  fields: Record<string, T>,
  change: (name: string, field: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, change(name, field)]));
}

/** The fields of a value that is an object or null. */
export function decodeFields(type: Type, wire: WireValue | null): Fields | null {
  const value = decode(type, wire);
  if (value !== null && !isFields(value)) throw new Error(`expected an object of ${JSON.stringify(type)}`);
  return value;
}
