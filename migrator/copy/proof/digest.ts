/** A sum over rows that does not depend on their order, made of their values' forms and of nothing that is sent. */
import { createHash } from "node:crypto";
import { bytesOf, type Form, putForm } from "./form";

/** Rows are told apart by their digest in so many parts, so that a difference is looked for in a few of them. */
export const partsFor = (rows: number) => (rows < 1024 ? 1 : 1024);

/** Rows up to so many bytes are put together before they are hashed. */
const room = Buffer.alloc(1 << 16);

/** SHA-1 of a row: its fields one behind the other, each with its length, NULL with none. */
export function digestOf(forms: readonly (Form | null)[]): Buffer {
  const hash = createHash("sha1");
  let end = 0;
  for (const form of forms) {
    const bytes = bytesOf(form);
    if (end + 4 + bytes > room.length) {
      hash.update(room.subarray(0, end));
      end = 0;
    }
    end = room.writeInt32LE(bytes, end);
    if (form === null) continue;
    if (bytes > room.length - 4) {
      hash.update(room.subarray(0, end));
      // No number is that long.
      hash.update(form as string | Buffer);
      end = 0;
    } else end += putForm(form, room, end);
  }
  return hash.update(room.subarray(0, end)).digest();
}

/** The sums of one side. A row that is there twice counts twice. */
export class Digests {
  rows = 0;
  private readonly sums: Uint32Array;

  /** @param parts of both sides */
  constructor(readonly parts: number) {
    this.sums = new Uint32Array(parts * 4);
  }

  add(digest: Buffer): void {
    this.rows++;
    const at = this.partOf(digest) * 4;
    for (let word = 0; word < 4; word++) this.sums[at + word]! += digest.readUInt32LE(word * 4);
  }

  partOf(digest: Buffer): number {
    return digest.readUInt32LE(16) % this.parts;
  }

  /** The parts in which the two have other rows. */
  differing(other: Digests): Set<number> {
    const found = new Set<number>();
    for (const [place, sum] of this.sums.entries()) if (sum !== other.sums[place]) found.add(place >> 2);
    return found;
  }
}
