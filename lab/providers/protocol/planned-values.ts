import { Fault } from "./fault";
import { objectType, type Attribute, type Attributes } from "./schema";
import { equal, hasUnknown, isZero, UNKNOWN, Unknown, type Fields, type Value } from "./value";

/**
 * What the real providers' SDK does with states and plans: defaults where the configuration is silent,
 * no difference between nothing and a zero. Such plans are not quite what protocol 6 asks for (an
 * optional attribute gets a value nobody gave), so the answers are marked as of the legacy type
 * system, as the SDK's are, which makes Terraform look away. The checks it then leaves out are
 * made here instead: see {@link checkPlanned} and {@link settle}.
 */

/** The plan of a create (`prior` null) or update, before the resource type has looked at it. */
export function propose(attributes: Attributes, prior: Fields | null, config: Fields): Fields {
  return mapAttributes(attributes, (name, attribute) =>
    proposeOne(attribute, prior?.[name] ?? null, config[name] ?? null, prior === null),
  );
}

function proposeOne(attribute: Attribute, prior: Value, config: Value, create: boolean): Value {
  if (attribute.writeOnly) return null;
  if (config !== null) return isSame(attribute, prior, config) ? prior : config;
  if (attribute.computed) return create ? UNKNOWN : prior;
  const wanted = (attribute.default ?? null) as Value;
  // After an import the state may not say what is there by default.
  return !create && isZero(prior) && isZero(wanted) ? prior : wanted;
}

/** Makes unknown what every update sets anew, in the plan of an update that changes something. */
export function freshen(attributes: Attributes, prior: Fields | null, config: Fields, planned: Fields): void {
  if (prior === null || equal(objectType(attributes), prior, planned)) return;
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.volatile && (config[name] ?? null) === null) planned[name] = UNKNOWN;
  }
}

/** The attributes that change and whose change makes the object anew. */
export function replacing(attributes: Attributes, prior: Fields | null, planned: Fields): string[] {
  if (prior === null) return [];
  return Object.entries(attributes)
    .filter(
      ([name, { type, forceNew }]) => forceNew && !equal(type, prior[name] ?? null, planned[name] ?? null),
    )
    .map(([name]) => name);
}

/** Terraform's rules for a plan, but for the SDK's liberties. */
export function checkPlanned(
  attributes: Attributes,
  prior: Fields | null,
  config: Fields,
  planned: Fields,
): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    const [was, asked, plan] = [prior?.[name] ?? null, config[name] ?? null, planned[name] ?? null];
    const allowed = attribute.writeOnly
      ? plan === null
      : asked !== null
        ? equal(attribute.type, plan, asked) ||
          (equal(attribute.type, plan, was) && isSame(attribute, was, asked))
        : attribute.computed ||
          equal(attribute.type, plan, (attribute.default ?? null) as Value) ||
          (equal(attribute.type, plan, was) && isZero(was));
    if (!allowed) throw ownFault(`planned ${name} as something else than the configuration says`);
  }
}

/**
 * The state to keep after an apply: known throughout, and what was planned. Where plan and outcome
 * differ in spelling only, the plan's is kept.
 */
export function settle(attributes: Attributes, planned: Fields, applied: Fields): Fields {
  return mapAttributes(attributes, (name, attribute) => {
    if (attribute.writeOnly) return null;
    const [plan, outcome] = [planned[name] ?? null, applied[name] ?? null];
    if (hasUnknown(outcome)) throw ownFault(`left ${name} unknown after the apply`);
    if (plan instanceof Unknown) return outcome;
    if (equal(attribute.type, plan, outcome) || isSame(attribute, plan, outcome)) return plan;
    if (isZero(plan) && isZero(outcome)) return plan;
    // The real providers' toolkit plans the id that an object has, and an update that renames comes out with another.
    if (name === "id") return outcome;
    throw ownFault(`planned another ${name} than came out of the apply`);
  });
}

/** What was read, spelled as the state spells it where that is the same. */
export function refresh(attributes: Attributes, state: Fields, read: Fields): Fields {
  return mapAttributes(attributes, (name, attribute) => {
    const [was, is] = [state[name] ?? null, read[name] ?? null];
    if (attribute.writeOnly) return null;
    if (isSame(attribute, was, is)) return was;
    const unset = attribute.optional && !attribute.computed && attribute.default === undefined;
    return unset && was === null && isZero(is) ? null : is;
  });
}

/** An object as it is handed to a resource type: nothing unknown, what is yet to be told is null. */
export function known(attributes: Attributes, value: Fields): Fields {
  return mapAttributes(attributes, (name) => {
    const field = value[name] ?? null;
    return field instanceof Unknown ? null : field;
  });
}

function isSame(attribute: Attribute, a: Value, b: Value): boolean {
  if (!attribute.same || a === null || b === null || hasUnknown(a) || hasUnknown(b)) return false;
  return attribute.same(a, b);
}

export function mapAttributes(
  attributes: Attributes,
  change: (name: string, attribute: Attribute) => Value,
): Fields {
  return Object.fromEntries(Object.entries(attributes).map(([name, attr]) => [name, change(name, attr)]));
}

function ownFault(what: string): Fault {
  return new Fault(
    "The provider stand-in has a bug",
    `It ${what}. Please report this with the configuration.`,
  );
}
