import type { FieldTranscoder, Output } from "./transcode";

function putInt16(output: Output, value: number): void {
  output.to[output.end++] = (value >> 8) & 0xff;
  output.to[output.end++] = value & 0xff;
}

export function putInt32(output: Output, value: number): void {
  const { to, end } = output;
  to[end] = (value >> 24) & 0xff;
  to[end + 1] = (value >> 16) & 0xff;
  to[end + 2] = (value >> 8) & 0xff;
  to[end + 3] = value & 0xff;
  output.end = end + 4;
}

/** @param value a whole number; as a bigint where a number would not be exact. */
export function putInt64(output: Output, value: number | bigint): void {
  if (typeof value === "bigint") {
    output.end = output.to.writeBigInt64BE(value, output.end);
    return;
  }
  const high = Math.floor(value / 2 ** 32);
  putInt32(output, high);
  putInt32(output, value - high * 2 ** 32);
}

/** An integer that so many bits hold; 64 hold all of SQLite's. */
export function integer(bits: 16 | 32 | 64): FieldTranscoder {
  const limit = 2 ** (bits - 1);
  const put = bits === 16 ? putInt16 : putInt32;
  return {
    growth: 0,
    take(value, output) {
      const number = value.integer();
      if (number === undefined) return false;
      if (bits === 64) putInt64(output, number);
      else if (typeof number === "bigint" || number < -limit || number >= limit) return false;
      else put(output, number);
      return true;
    },
    write(field, output) {
      if (bits === 64) putInt64(output, BigInt(field));
      else put(output, Number(field));
    },
  };
}

/** 0 and 1. */
export const boolean: FieldTranscoder = {
  growth: 0,
  take(value, output) {
    const number = value.integer();
    output.to[output.end++] = number === 1 ? 1 : 0;
    return number === 0 || number === 1;
  },
  write(field, output) {
    output.to[output.end++] = field === "t" ? 1 : 0;
  },
};

/** A real, and an integer that is one exactly. */
export function float(bits: 32 | 64): FieldTranscoder {
  const put = (output: Output, number: number) => {
    output.end =
      bits === 32 ? output.to.writeFloatBE(number, output.end) : output.to.writeDoubleBE(number, output.end);
  };
  return {
    growth: 0,
    take(value, output) {
      const number = value.real();
      if (number === undefined || (bits === 32 && !Object.is(Math.fround(number), number))) return false;
      put(output, number);
      return true;
    },
    write: (field, output) => put(output, Number(field)),
  };
}

/** numeric's digits are of this base. */
const base = 10_000;
const [positive, negative] = [0, 0x4000];
/** Groups of digits, the last first. */
const groups = new Int16Array(8);

/**
 * A numeric as `numeric_send` writes it: how many digits, the weight of the first, sign, digits behind the point that are
 * shown, digits; no zero is the first or the last.
 */
function putNumeric(
  output: Output,
  isNegative: boolean,
  weight: number,
  shown: number,
  digits: ArrayLike<number>,
): void {
  let [first, last] = [0, digits.length];
  while (first < last && digits[first] === 0) first++;
  while (last > first && digits[last - 1] === 0) last--;
  putInt16(output, last - first);
  putInt16(output, last === first ? 0 : weight - first);
  putInt16(output, isNegative && last > first ? negative : positive);
  putInt16(output, shown);
  for (let place = first; place < last; place++) putInt16(output, digits[place]!);
}

/** A decimal number as it is written. */
function writeNumeric(field: string, output: Output): void {
  const isNegative = field.startsWith("-");
  const [whole = "", fraction = ""] = field.slice(isNegative ? 1 : 0).split(".");
  const four = (length: number) => Math.ceil(length / 4) * 4;
  const written = whole.padStart(four(whole.length), "0") + fraction.padEnd(four(fraction.length), "0");
  const digits = Array.from({ length: written.length / 4 }, (_, place) =>
    Number(written.slice(4 * place, 4 * place + 4)),
  );
  putNumeric(output, isNegative, four(whole.length) / 4 - 1, fraction.length, digits);
}

/** Writes a whole number of units, so many groups of digits of which lie behind the point. */
function putUnits(output: Output, isNegative: boolean, units: number, behind: number, scale: number): void {
  let first = groups.length;
  for (let rest = units; rest > 0; rest = Math.floor(rest / base)) groups[--first] = rest % base;
  const count = groups.length - first;
  putNumeric(output, isNegative, count - 1 - behind, scale, groups.subarray(first));
}

/** Of a real times a power of ten: what is larger, or so near to a half, needs its decimal digits. */
const [mostScaled, uncertain] = [1e8, 1e-6];

/**
 * The whole number of units of `10 ** -scale` that a real means; `undefined` where its decimal digits have to be looked at.
 * Its decimal digits are the fewest that are this real and no other. Two numbers of up to 15 digits are never one real.
 * @param round told when it is rounded, halves away from zero. Without it, only what is exact is taken.
 */
function unitsOf(size: number, power: number, round: (() => void) | undefined): number | undefined {
  const scaled = size * power;
  if (!(scaled < mostScaled)) return undefined;
  const whole = Math.floor(scaled);
  const over = scaled - whole;
  if (over < uncertain || over > 1 - uncertain) {
    const nearest = Math.round(scaled);
    return nearest / power === size ? nearest : undefined;
  }
  if (round === undefined || Math.abs(over - 0.5) < uncertain) return undefined;
  round();
  return over > 0.5 ? whole + 1 : whole;
}

/**
 * An integer of at most so many digits with zeros behind its point, or a real.
 * @param round takes reals that are finer, and is told of each. Default they are not of the usual kind.
 */
export function decimal(digits: number, scale: number, round?: () => void): FieldTranscoder {
  const limit = 10 ** Math.min(digits, 15);
  const power = 10 ** scale;
  const behind = Math.ceil(scale / 4);
  const padding = 10 ** (4 * behind - scale);
  const takesReals = power * padding * limit <= 10 ** 15;
  return {
    growth: 0,
    take(value, output) {
      const number = value.integer();
      if (number !== undefined) {
        if (number <= -limit || number >= limit) return false;
        putUnits(output, (number as number) < 0, Math.abs(number as number), 0, scale);
        return true;
      }
      const real = takesReals ? value.real() : undefined;
      const size = Math.abs(real ?? NaN);
      // What rounding makes too large is refused elsewhere, and not counted here.
      const units = size < limit - 1 ? unitsOf(size, power, round) : undefined;
      if (units === undefined) return false;
      putUnits(output, (real as number) < 0, units * padding, behind, scale);
      return true;
    },
    write: writeNumeric,
  };
}
