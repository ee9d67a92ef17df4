/** Decimal numbers of any length, in one form for equal values: digits without zeros at either end, and an exponent. */

export interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** The power of ten of the last digit. */
  readonly exponent: number;
}

/** @returns `undefined` for text that is no decimal number. */
export function decimalOf(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  const exponent = Number(power) - fraction.length + all.length - digits.length;
  return { negative: sign === "-", digits, exponent: digits === "" ? 0 : exponent };
}

/** Whether a text has a power of ten of more than three digits: PostgreSQL would print all the digits of such a number. */
export const hasLargePower = (text: string): boolean => /\de[+-]?0*[1-9]\d{3}/i.test(text);

/** Rounds to so many places behind the point, halves away from zero. */
export function rounded({ negative, digits, exponent }: Decimal, places: number): Decimal {
  const surplus = -places - exponent;
  if (surplus <= 0) return { negative, digits, exponent };
  if (surplus > digits.length) return { negative, digits: "", exponent: 0 };
  const unit = 10n ** BigInt(surplus);
  const whole = (BigInt(digits) + unit / 2n) / unit;
  const { digits: left, exponent: moved } = decimalOf(String(whole))!;
  return { negative, digits: left, exponent: left === "" ? 0 : moved - places };
}

/** Whether it has no digit beyond so many places behind the point. */
export const isWithin = ({ digits, exponent }: Decimal, places: number) =>
  digits === "" || exponent >= -places;

/** Whether it is less than ten to this power, whatever its sign. */
export const isBelow = ({ digits, exponent }: Decimal, power: number) =>
  digits === "" || digits.length + exponent <= power;

/** The same text for equal numbers, with or without a sign on zero. */
export function formOf({ negative, digits, exponent }: Decimal): string {
  return digits === "" ? "0" : `${negative ? "-" : ""}${digits}e${exponent}`;
}
