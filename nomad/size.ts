/** An amount of memory. Nomad's API counts mebibytes and calls them MB. */
export class Size {
  private constructor(readonly mebibytes: number) {}

  /** @throws when the amount is not a whole number above zero */
  static mebibytes(amount: number): Size {
    if (!Number.isInteger(amount) || amount <= 0) throw new RangeError(`not a size: ${amount} MiB`);
    return new Size(amount);
  }

  static gibibytes(amount: number): Size {
    return Size.mebibytes(amount * 1024);
  }
}
