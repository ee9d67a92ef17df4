/** Rows that are held until the target can be asked for them: as bytes, since every object that is held costs time. */
import type { ExpectedRow } from "./expected";
import { bytesOf, type Form, putForm } from "./form";

/** Some rows. */
export interface PackedRows {
  /** Of each, the values of its key: what it is found by. */
  readonly keys: readonly string[];
  /** The forms of their values, each with its length; and where those of each row end. */
  readonly packed: Buffer;
  readonly ends: Uint32Array;
  /** Of each, which row it is, for a person. */
  readonly names: readonly (() => string)[];
}

/** @param places of the key's columns */
export function packedRows(rows: readonly ExpectedRow[], places: readonly number[]): PackedRows {
  room.end = 0;
  const ends = Uint32Array.from(rows, ({ forms }) => pack(forms));
  return {
    keys: rows.map(({ forms }) => keyOf(forms, places)),
    packed: Buffer.from(room.bytes.subarray(0, room.end)),
    ends,
    names: rows.map(({ key }) => key),
  };
}

/** Lies between the values of a key: no text of PostgreSQL has it. */
const between = "\0";

export function keyOf(forms: readonly (Form | null)[], places: readonly number[]): string {
  let key = String(forms[places[0]!]);
  for (let index = 1; index < places.length; index++) key += between + String(forms[places[index]!]);
  return key;
}

/** The values that `keyOf` was given. */
export const valuesOf = (key: string): string[] => key.split(between);

const room = { bytes: Buffer.alloc(1 << 20), end: 0 };
const lengthBytes = 4;

/** Adds a row's forms to `room`; returns where they end. */
function pack(forms: readonly (Form | null)[]): number {
  for (const form of forms) {
    const most = lengthBytes + (typeof form === "string" ? 3 * form.length : Math.max(0, bytesOf(form)));
    if (room.bytes.length - room.end < most) {
      const more = Buffer.allocUnsafeSlow(2 * (room.end + most));
      room.bytes.copy(more, 0, 0, room.end);
      room.bytes = more;
    }
    const start = room.end + lengthBytes;
    const bytes = form === null ? -1 : putForm(form, room.bytes, start);
    room.bytes.writeInt32LE(bytes, room.end);
    room.end = start + Math.max(0, bytes);
  }
  return room.end;
}

/** Which of the forms are not those of a row that was packed. */
export function differingPlaces(
  forms: readonly (Form | null)[],
  { packed, ends }: PackedRows,
  row: number,
): number[] {
  const isPacked = (some: readonly (Form | null)[], start: number, stop: number) => {
    room.end = 0;
    // First, since it may make more room.
    const end = pack(some);
    return packed.compare(room.bytes, 0, end, start, stop) === 0;
  };
  let at = ends[row - 1] ?? 0;
  if (isPacked(forms, at, ends[row]!)) return [];
  const places: number[] = [];
  for (const [place, form] of forms.entries()) {
    const end = at + lengthBytes + Math.max(0, packed.readInt32LE(at));
    if (!isPacked([form], at, end)) places.push(place);
    at = end;
  }
  return places;
}
