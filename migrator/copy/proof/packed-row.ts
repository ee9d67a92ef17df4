/** Rows that are held until the target can be asked for them: each as one text, since every object that is held costs time. */
import type { ExpectedRow } from "./expected";
import type { Form } from "./form";

export interface PackedRow {
  /** The values of its key: what it is found by. */
  readonly key: string;
  readonly packed: string;
  /** Says which row it is, for a person. */
  readonly name: () => string;
}

/** @param places of the key's columns */
export const packedRow = ({ forms, key }: ExpectedRow, places: readonly number[]): PackedRow => ({
  key: keyOf(forms, places),
  packed: pack(forms),
  name: key,
});

export function keyOf(forms: readonly (Form | null)[], places: readonly number[]): string {
  const [first, ...more] = places;
  return more.length === 0
    ? String(forms[first!])
    : JSON.stringify(places.map((place) => String(forms[place])));
}

/** The values that `keyOf` was given. */
export const valuesOf = (key: string, places: readonly number[]): string[] =>
  places.length === 1 ? [key] : (JSON.parse(key) as string[]);

/** A character for each byte, so that equal forms have equal texts, whether they are text or bytes. */
function bytesOf(form: Form): string {
  if (typeof form !== "string") return form.toString("latin1");
  return /^[\0-\x7f]*$/.test(form) ? form : Buffer.from(form).toString("latin1");
}

/** A row's forms, each with its length. */
export function pack(forms: readonly (Form | null)[]): string {
  const parts = forms.map((form) => {
    if (form === null) return "-:";
    const bytes = bytesOf(form);
    return `${bytes.length}:${bytes}`;
  });
  return parts.join("");
}

/** The forms that `pack` was given, as their bytes. */
export function unpack(packed: string): (string | null)[] {
  const forms: (string | null)[] = [];
  for (let at = 0; at < packed.length;) {
    const colon = packed.indexOf(":", at);
    const length = packed.slice(at, colon);
    at = colon + 1 + (length === "-" ? 0 : Number(length));
    forms.push(length === "-" ? null : packed.slice(colon + 1, at));
  }
  return forms;
}
