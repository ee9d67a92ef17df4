import { randomInt } from "node:crypto";
import { Fault } from "../protocol/fault";
import { ephemeral } from "../protocol/provider";
import { bool, computed, number, optional, optionalComputed, required, text } from "../protocol/schema";

const letters = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const specials = "!@#$%&*()-_=+[]{}<>:?";

// The real one also gives a bcrypt_hash; no attribute is better than one without its value.
const attributes = {
  length: required(number),
  lower: optionalComputed(bool),
  min_lower: optionalComputed(number),
  upper: optionalComputed(bool),
  min_upper: optionalComputed(number),
  numeric: optionalComputed(bool),
  min_numeric: optionalComputed(number),
  special: optionalComputed(bool),
  min_special: optionalComputed(number),
  override_special: optional(text),
  result: computed(text, { sensitive: true }),
};

/** A new password at every run; what keeps one is what it is written to. */
export const password = ephemeral<unknown>()({
  attributes,
  validate(config) {
    const least = [config.min_lower, config.min_upper, config.min_numeric, config.min_special].map(
      (minimum) => (typeof minimum === "number" ? minimum : 0),
    );
    const sum = least.reduce((total, minimum) => total + minimum, 0);
    const faults: Fault[] = [];
    if (typeof config.length === "number" && config.length < Math.max(1, sum)) {
      faults.push(
        new Fault(
          `length must be at least ${Math.max(1, sum)}`,
          "It must be positive, and hold min_lower + min_upper + min_numeric + min_special characters.",
          { attribute: "length" },
        ),
      );
    }
    if ([config.lower, config.upper, config.numeric, config.special].every((allowed) => allowed === false)) {
      faults.push(new Fault("One of lower, upper, numeric and special must be true"));
    }
    return faults;
  },
  open(config) {
    const filled = {
      ...config,
      lower: config.lower ?? true,
      min_lower: config.min_lower ?? 0,
      upper: config.upper ?? true,
      min_upper: config.min_upper ?? 0,
      numeric: config.numeric ?? true,
      min_numeric: config.min_numeric ?? 0,
      special: config.special ?? true,
      min_special: config.min_special ?? 0,
    };
    const special = config.override_special ?? specials;
    const sets = [
      { from: letters, allowed: filled.lower, least: filled.min_lower },
      { from: letters.toUpperCase(), allowed: filled.upper, least: filled.min_upper },
      { from: digits, allowed: filled.numeric, least: filled.min_numeric },
      { from: special, allowed: filled.special, least: filled.min_special },
    ];
    const all = sets.map((set) => (set.allowed ? set.from : "")).join("");
    if (all === "") throw new Fault("The set of characters for the password is empty");
    const characters = sets.flatMap((set) => pick(set.from, set.least));
    characters.push(...pick(all, filled.length - characters.length));
    return { ...filled, result: shuffle(characters).join("") };
  },
});

function pick(from: string, count: number): string[] {
  return Array.from({ length: Math.max(0, count) }, () => from.charAt(randomInt(from.length)));
}

function shuffle(characters: string[]): string[] {
  for (let end = characters.length - 1; end > 0; end--) {
    const other = randomInt(end + 1);
    [characters[end], characters[other]] = [characters[other] as string, characters[end] as string];
  }
  return characters;
}
