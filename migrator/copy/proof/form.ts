/** Forms in which values of both sides are compared: equal values have the same one. */
import type { Raw, Storage } from "../../sqlite/storage";

/** Bytes are compared as they are, numbers by all their bits, the rest as text. */
export type Form = string | Buffer | number | bigint;

/** What only PostgreSQL can read: it says itself how the text reads as the column's type. */
export interface Asked {
  readonly ask: string;
}

/** @throws NoMeaning */
export type Meaning = (storage: Storage, value: Exclude<Raw, null>) => Form | Asked;

/** A double, bit by bit. */
export function floatForm(number: number): string {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(number);
  return bits.toString("hex");
}

/** Bytes of a form as `putForm` writes it; -1 for NULL. */
export function bytesOf(form: Form | null): number {
  if (form === null) return -1;
  if (typeof form === "string") return Buffer.byteLength(form);
  return Buffer.isBuffer(form) ? form.length : 8;
}

/** Characters up to which it is quicker to write them one by one. */
const few = 40;

/** Writes a form; returns its bytes. */
export function putForm(form: Form, to: Buffer, start: number): number {
  if (typeof form === "number") return to.writeDoubleBE(form, start) - start;
  if (typeof form === "bigint") return to.writeBigInt64BE(form, start) - start;
  if (typeof form !== "string") return form.copy(to, start);
  if (form.length > few) return to.write(form, start);
  for (let place = 0; place < form.length; place++) {
    const code = form.charCodeAt(place);
    if (code > 0x7f) return to.write(form, start);
    to[start + place] = code;
  }
  return form.length;
}
