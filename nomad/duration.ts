/** What Nomad's API counts durations in: `seconds(30)`. */
export type Nanoseconds = number;

/** A duration for Nomad's API. */
export const seconds = (amount: number): Nanoseconds => Duration.seconds(amount).nanoseconds;
export const minutes = (amount: number): Nanoseconds => seconds(amount * 60);
export const hours = (amount: number): Nanoseconds => seconds(amount * 3600);

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
