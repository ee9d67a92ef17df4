/** Reads what is asked for later, while there is time. */

/** Lets whatever else is due go first. */
export const others = () => new Promise((resolve) => setImmediate(resolve));

export class ReadAhead<T> {
  private held: T[] = [];

  constructor(private readonly items: AsyncIterator<T, void>) {}

  /**
   * Reads on until `take` says that it is enough, or all is read.
   * @param take told of every item.
   */
  async fill(take: (item: T) => boolean): Promise<void> {
    for (;;) {
      await others();
      const next = await this.items.next();
      if (next.done === true) return;
      this.held.push(next.value);
      if (!take(next.value)) return;
    }
  }

  /** The items that were read ahead; they are held no longer. */
  taken(): T[] {
    const { held } = this;
    this.held = [];
    return held;
  }

  /** All items that are left, those that were read ahead first. */
  async *all(): AsyncGenerator<T> {
    yield* this.taken();
    for (let next = await this.items.next(); next.done !== true; next = await this.items.next())
      yield next.value;
  }
}
