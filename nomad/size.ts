/** An amount of memory. Nomad's API counts mebibytes and calls them MB. */
export class Size {
  private constructor(readonly mebibytes: number) {}

  /** A whole number above zero, checked with the environment that has it. */
  static mebibytes(amount: number): Size {
    return new Size(amount);
  }

  static gibibytes(amount: number): Size {
    return Size.mebibytes(amount * 1024);
  }
}
