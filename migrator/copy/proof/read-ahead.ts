/** Reads what is asked for later, while there is time. */

/** Lets whatever else is due go first. */
const others = () => new Promise((resolve) => setImmediate(resolve));

export class ReadAhead<T> {
  private readonly held: T[] = [];

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

  /** All items, those that were read ahead first. */
  async *all(): AsyncGenerator<T> {
    for (let item = this.held.shift(); item !== undefined; item = this.held.shift()) yield item;
    for (let next = await this.items.next(); next.done !== true; next = await this.items.next())
      yield next.value;
  }
}
