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
