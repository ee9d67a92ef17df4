/** The forms in which apps write a value of a type to SQLite. */
import type { Storage } from "../sqlite/storage";

/** A value as SQLite takes it: bigint for an integer, number for a real, text, bytes for a blob. */
export type Bound = bigint | number | string | Buffer;

/** What SQLite stores it as. */
export function storageOf(value: Bound | null): Storage {
  if (value === null) return "n";
  if (typeof value === "bigint") return "i";
  if (typeof value === "number") return "r";
  return typeof value === "string" ? "t" : "b";
}

/** One way to write values of a column. */
export interface Form {
  readonly name: string;
  /** Forms of one family differ only in the digits behind the second. @default it has no family */
  readonly family?: string;
  /** What stands for the field, as the server prints it; `undefined` for one that this form cannot say. */
  readonly write: (field: string) => Bound | undefined;
}

export const text: Form = { name: "text", write: (field) => field };
export const integer: Form = {
  name: "integer",
  write: (field) => (/^-?\d{1,19}$/.test(field) && fits64(BigInt(field)) ? BigInt(field) : undefined),
};
export const real: Form = {
  name: "real",
  write: (field) => (Number.isNaN(Number(field)) ? undefined : Number(field)),
};

const fits64 = (value: bigint) => BigInt.asIntN(64, value) === value;

const bare = (uuid: string) => uuid.replaceAll("-", "");
const hex = (digits: string) => Buffer.from(digits, "hex");

/** Bytes that are text, as text. */
function textOfBytes(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

export const blobs: readonly Form[] = [
  { name: "blob", write: (field) => hex(field.slice(2)) },
  { name: "text", write: (field) => textOfBytes(hex(field.slice(2))) },
];

export const uuids: readonly Form[] = [
  text,
  { name: "upper case", write: (field) => field.toUpperCase() },
  { name: "bare", write: bare },
  { name: "bare, upper case", write: (field) => bare(field).toUpperCase() },
  { name: "uuid bytes", write: (field) => hex(bare(field)) },
  { name: "dotnet guid", write: (field) => asGuid(hex(bare(field))) },
];

/** The order of the bytes in a Guid of .NET's, which is its own reverse. */
const asGuid = (bytes: Buffer) =>
  Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((place) => bytes[place]!));

/** The server pads; apps do not. */
export const unpadded: Form = { name: "unpadded", write: (field) => field.replace(/ +$/, "") };

export const booleans: readonly Form[] = [
  { name: "integer", write: (field) => (field === "t" ? 1n : 0n) },
  ...["t f", "true false", "1 0", "TRUE FALSE", "True False"].map((words) => {
    const [yes, no] = words.split(" ") as [string, string];
    return { name: words, write: (field: string) => (field === "t" ? yes : no) };
  }),
];

/** Parts of what the server prints of a timestamp in UTC. Years of five digits, BC and infinity are not among them. */
const printed = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?)?$/;

type Fraction = readonly [name: string, write: (digits: string) => string | undefined];

/**
 * So many digits; `or none` where the second is whole, as Python's isoformat does. The usual ones first. Where no value says which
 * of the two it is, always so many: who reads none reads zeros, too, and not the other way round.
 */
const fractions: readonly Fraction[] = [
  ...[6, 3, 9].flatMap((places): Fraction[] => {
    const write = (digits: string) => (digits.length > places ? undefined : `.${digits.padEnd(places, "0")}`);
    return [
      [`${places} places`, write],
      [`${places} places or none`, (digits) => (digits === "" ? "" : write(digits))],
    ];
  }),
  ["shortest", (digits) => (digits === "" ? "" : `.${digits}`)],
];

/** Every way to write date and time as text: space or T, fraction, zone. */
export const moments: readonly Form[] = [" ", "T"].flatMap((separator) =>
  ["", "Z", "+00:00", "+00", " +00:00", " UTC"].flatMap((zone) =>
    fractions.map(([name, fractionOf]): Form => ({
      name: `day${separator}time, fraction ${name}, zone "${zone}"`,
      family: `day${separator}time${zone}`,
      write: (field) => {
        const [, day, time = "00:00:00", digits = ""] = printed.exec(field) ?? [];
        const fraction = fractionOf(digits);
        return day === undefined || fraction === undefined
          ? undefined
          : `${day}${separator}${time}${fraction}${zone}`;
      },
    })),
  ),
);

/** Times of the day. */
export const clocks: readonly Form[] = [
  ...fractions.map(([name, fractionOf]): Form => ({
    name: `time, fraction ${name}`,
    family: "time",
    write: (field) => {
      const [, time, digits = ""] = /^(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(field) ?? [];
      const fraction = fractionOf(digits);
      return time === undefined || fraction === undefined ? undefined : `${time}${fraction}`;
    },
  })),
  { name: "hours and minutes", write: (field) => /^(\d\d:\d\d):00$/.exec(field)?.[1] },
];

/** A date as the timestamp of its midnight. */
export const midnights: readonly Form[] = ["00:00:00", "00:00:00.000"].flatMap((time) =>
  [" ", "T"].flatMap((separator) =>
    ["", "Z"].map((zone) => ({
      name: `day${separator}${time}${zone}`,
      write: (field: string) => (printed.test(field) ? `${field}${separator}${time}${zone}` : undefined),
    })),
  ),
);

/** Microseconds of an interval as the server prints it; `undefined` for one with months or years. */
function lengthOf(field: string): bigint | undefined {
  const match = /^(?:(-?\d+) days? ?)?(?:(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/.exec(field);
  if (match === null || field === "") return undefined;
  const [, days = "0", sign, hours = "0", minutes = "0", seconds = "0", digits = ""] = match;
  const clock =
    (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * 1_000_000n +
    BigInt(digits.padEnd(6, "0"));
  return BigInt(days) * 86_400_000_000n + (sign === "-" ? -clock : clock);
}

/** A number of some unit, for columns whose rule says so. */
const counted = (name: string, micros: bigint): Form => ({
  name,
  write: (field) => {
    const length = lengthOf(field);
    return length === undefined || length % micros !== 0n ? undefined : length / micros;
  },
});

export const intervals: readonly Form[] = [
  text,
  counted("microseconds", 1n),
  counted("milliseconds", 1000n),
  counted("seconds", 1_000_000n),
  { name: "ticks", write: (field) => times10(lengthOf(field)) },
  { name: "since epoch", write: (field) => sinceEpoch(lengthOf(field)) },
];

const times10 = (length: bigint | undefined) => (length === undefined ? undefined : length * 10n);

/** As SQLAlchemy writes it. */
function sinceEpoch(length: bigint | undefined): string | undefined {
  if (length === undefined) return undefined;
  const second = 1_000_000n;
  const micros = ((length % second) + second) % second;
  const date = new Date(Number((length - micros) / 1000n));
  if (!(date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999)) return undefined;
  return `${date.toISOString().slice(0, 19).replace("T", " ")}.${String(micros).padStart(6, "0")}`;
}

/** Since 1970, for columns whose rule says so. */
export const epochs: readonly Form[] = [
  { name: "epoch seconds", family: "epoch seconds", write: (field) => wholeSeconds(field) },
  { name: "epoch seconds, real", family: "epoch seconds", write: (field) => realSeconds(field) },
  { name: "epoch milliseconds", write: (field) => wholeMilliseconds(field) },
];

function microseconds(field: string): bigint | undefined {
  const [, day, time = "00:00:00", digits = ""] = printed.exec(field) ?? [];
  if (day === undefined) return undefined;
  return BigInt(Date.parse(`${day}T${time}Z`)) * 1000n + BigInt(digits.padEnd(6, "0"));
}

function wholeSeconds(field: string): bigint | undefined {
  const micros = microseconds(field);
  return micros === undefined || micros % 1_000_000n !== 0n ? undefined : micros / 1_000_000n;
}

function realSeconds(field: string): number | undefined {
  const micros = microseconds(field);
  return micros === undefined ? undefined : Number(micros) / 1e6;
}

function wholeMilliseconds(field: string): bigint | undefined {
  const micros = microseconds(field);
  return micros === undefined || micros % 1000n !== 0n ? undefined : micros / 1000n;
}
