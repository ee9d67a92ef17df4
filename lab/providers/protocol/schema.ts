import type { Type, Unknown } from "./value";

/** A cty type, and the TypeScript type of what it holds. */
export interface Kind<T> {
  readonly type: Type;
  /** Never there: it carries T. */
  readonly holds?: T;
}

export const text: Kind<string> = { type: "string" };
export const number: Kind<number> = { type: "number" };
export const bool: Kind<boolean> = { type: "bool" };
export const listOf = <T>(element: Kind<T>): Kind<T[]> => ({ type: ["list", element.type] });
export const setOf = <T>(element: Kind<T>): Kind<T[]> => ({ type: ["set", element.type] });
export const mapOf = <T>(element: Kind<T>): Kind<Record<string, T>> => ({ type: ["map", element.type] });
export const objectOf = <T extends Record<string, unknown>>(fields: {
  [K in keyof T]: Kind<T[K]>;
}): Kind<T> => ({
  type: ["object", Object.fromEntries(Object.entries<Kind<unknown>>(fields).map(([k, f]) => [k, f.type]))],
});

/** What a stand-in does with an attribute beyond what Terraform is told of it. */
interface Behaviour<T> {
  readonly sensitive?: boolean;
  readonly deprecated?: boolean;
  /** A change makes the object anew. */
  readonly forceNew?: boolean;
  /** Set by each update too, not by the create alone: unknown in the plan of an update. */
  readonly volatile?: boolean;
  /** Whether two spellings mean one value; the state's is kept then. */
  same?(state: T, config: T): boolean;
}

/** One attribute, or one single nested block, of a resource, data source or provider configuration. */
export interface Attribute<T = unknown> extends Kind<T>, Behaviour<T> {
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly writeOnly?: boolean;
  /** What stands in the plan where the configuration says nothing. */
  readonly default?: T;
  /** The attributes inside, if this is a nested block. */
  readonly block?: Attributes;
}

export type Attributes = Readonly<Record<string, Attribute>>;

export const required = <T>(kind: Kind<T>, more: Behaviour<T> = {}) =>
  ({ ...kind, ...more, required: true }) satisfies Attribute<T>;
export const optional = <T>(kind: Kind<T>, more: Behaviour<T> = {}): Attribute<T> => ({
  ...kind,
  ...more,
  optional: true,
});
export const defaulted = <T>(kind: Kind<T>, value: T, more: Behaviour<T> = {}) =>
  ({ ...kind, ...more, optional: true, default: value }) satisfies Attribute<T>;
export const computed = <T>(kind: Kind<T>, more: Behaviour<T> = {}): Attribute<T> => ({
  ...kind,
  ...more,
  computed: true,
});
/** Set by the configuration, else by the provider. */
export const optionalComputed = <T>(kind: Kind<T>, more: Behaviour<T> = {}): Attribute<T> => ({
  ...optional(kind, more),
  computed: true,
});
/** Goes from the configuration to the provider and is in no plan and no state. */
export const writeOnly = <T>(kind: Kind<T>, more: Behaviour<T> = {}): Attribute<T> => ({
  ...optional(kind, more),
  writeOnly: true,
});
/** A block that may stand once. */
export const block = <A extends Attributes>(attributes: A): Attribute<State<A>> => ({
  type: objectType(attributes),
  block: attributes,
});

/** What a kind holds. */
export type Held<A> = A extends Kind<infer T> ? T : never;

/** An object as a state has it: after an import only some of it may be there. */
export type State<A extends Attributes> = { [K in keyof A]: Held<A[K]> | null };

/** An object about to be made: what the configuration must say is there, and so are the defaults. */
export type Wanted<A extends Attributes> = {
  [K in keyof A]: A[K] extends { required: true } | { default: unknown } ? Held<A[K]> : Held<A[K]> | null;
};

/** An object while it is planned: anything may be unknown. */
export type Draft<A extends Attributes> = { [K in keyof A]: Held<A[K]> | null | Unknown };

/** The cty type of an object with these attributes. */
export function objectType(attributes: Attributes): Type {
  return ["object", Object.fromEntries(Object.entries(attributes).map(([name, { type }]) => [name, type]))];
}
