import type { Cast } from "../../services/rules";
import type { Raw } from "../sqlite/storage";
import type { Storage } from "../sqlite/storage";

/** The rule that would let a value pass, if a person means it. */
export type Help =
  | { readonly kind: "cast"; readonly as: Cast }
  | { readonly kind: "null-if"; readonly values: readonly string[] }
  /** A constant, or to leave the row behind: for what nothing else would help. */
  | { readonly kind: "default" };

/** A value that does not go into its column without loss. The kind says what it is; the value itself is never shown. */
export class Misfit extends Error {
  override readonly name = "Misfit";
  constructor(
    readonly kind: string,
    readonly help: Help = { kind: "default" },
  ) {
    super(kind);
  }
}

export const help = {
  cast: (as: Cast): Help => ({ kind: "cast", as }),
  nullIf: (value: string): Help => ({ kind: "null-if", values: [value] }),
};

/** What is done without a rule, and counted. */
export interface Tally {
  /** Fractions of a second that were finer than microseconds and were rounded. */
  roundedFractions: number;
  /** Texts without a zone that were read as UTC, in a column of timestamps with a zone. */
  assumedUtc: number;
}

/**
 * Renders a value that is not null as PostgreSQL prints it under our settings, escaped for COPY.
 * @throws Misfit
 */
export type Convert = (storage: Storage, value: Exclude<Raw, null>, tally: Tally) => string;

/** A declared cast at work: `used` counts a value that went over by it. */
export interface Casting {
  readonly as: Cast;
  readonly used: () => void;
}

const storageNames: Record<Storage, string> = { n: "NULL", i: "integer", r: "real", t: "text", b: "blob" };

/** The usual misfit: one kind of value in a column of another. */
export function misplaced(storage: Storage, described: string, help?: Help): Misfit {
  return new Misfit(`${storageNames[storage]} in a column of type ${described}`, help);
}

/** `''` where a type has no empty value: most often it stands for NULL. */
export function emptyText(described: string): Misfit {
  return new Misfit(`empty text in a column of type ${described}`, help.nullIf(""));
}

const special = /[\\\t\n\r\b\f\v]/g;
const escapes: Record<string, string> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
};

/** Escapes text for a field of COPY exactly as the server does when it prints one. */
export function escapeCopy(text: string): string {
  return text.replace(special, (character) => escapes[character] ?? character);
}

/** What the letter of an escape stands for. */
const unescaped = new Map(Object.entries(escapes).map(([character, escape]) => [escape[1], character]));

/** Takes the escapes of `escapeCopy` back. */
export function unescapeCopy(field: string): string {
  return field.replace(/\\(.)/gs, (_, letter: string) => unescaped.get(letter) ?? letter);
}
