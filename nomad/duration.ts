/** A length of time, so that a unit cannot be mistaken: Nomad's API counts nanoseconds, Terraform and people do not. */
export class Duration {
  private constructor(readonly seconds: number) {}

  /** Checked with the environment that has it, like all the rest: a length below zero is a problem with a path. */
  static seconds(amount: number): Duration {
    return new Duration(amount);
  }

  static minutes(amount: number): Duration {
    return Duration.seconds(amount * 60);
  }

  static hours(amount: number): Duration {
    return Duration.seconds(amount * 3600);
  }

  plus(other: Duration): Duration {
    return new Duration(this.seconds + other.seconds);
  }

  /** Nomad's API: whole nanoseconds. */
  get nanoseconds(): number {
    return Math.round(this.seconds * 1e9);
  }

  /** Go's and Terraform's notation, in seconds: `90s`. */
  toString(): string {
    return `${this.seconds}s`;
  }
}
