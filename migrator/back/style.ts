/** How an app writes the values of one column, learned from those that it has written. */
import { Misfit, unescapeCopy } from "../values/misfit";
import type { ColumnPlan } from "../copy/copy-plan";
import type { Raw } from "../sqlite/storage";
import type { Storage } from "../sqlite/storage";
import { storageOf, type Bound, type Form } from "../values/sqlite-forms";
import { typeOf } from "../values/types";

/** So many values say how a column is written. */
const enough = 1000;

export class Style {
  private readonly forms: { readonly form: Form; seen: number }[];
  private learned = 0;

  /** @param encode text as bytes in the database's encoding. */
  constructor(
    private readonly column: ColumnPlan,
    private readonly encode: (text: string) => Buffer,
  ) {
    this.forms = typeOf(column.target).forms.map((form) => ({ form, seen: 0 }));
  }

  /** Takes note of a value that the app wrote, and of the field that the server has for it. */
  learn(field: string, storage: Storage, value: Raw): void {
    if (this.learned >= enough || value === null || field === "\\N") return;
    this.learned++;
    const read = unescapeCopy(field);
    for (const form of this.forms) {
      const written = form.form.write(read);
      if (written !== undefined && this.same(written, storage, value)) form.seen++;
    }
  }

  /**
   * The value for a field of the server's, written as most of the column's are, if that reads back as the very field; else in
   * the first form that does.
   * @throws Misfit when none does
   */
  write(field: string): Bound | null {
    if (field === "\\N") return null;
    const read = unescapeCopy(field);
    for (const { form } of [...this.forms].sort((a, b) => b.seen - a.seen)) {
      const written = form.write(read);
      if (written !== undefined && this.readsBack(written, field)) return written;
    }
    throw new Misfit(`value of type ${this.column.target.described} that the app's SQLite does not hold`);
  }

  private readsBack(written: Bound, field: string): boolean {
    const { converter } = this.column;
    // Its own text is what the server reads as the same value.
    if (converter.byServer) return typeof written === "string";
    const tally = { roundedFractions: 0 };
    try {
      return converter.convert(...this.raw(written), tally) === field && tally.roundedFractions === 0;
    } catch (error) {
      if (error instanceof Misfit) return false;
      throw error;
    }
  }

  /** A bound value as the migrator reads it from SQLite. */
  private raw(value: Bound): [Storage, Exclude<Raw, null>] {
    return [storageOf(value), typeof value === "string" ? this.encode(value) : value];
  }

  private same(written: Bound, storage: Storage, value: Exclude<Raw, null>): boolean {
    const [kind, ours] = this.raw(written);
    if (kind !== storage) return false;
    return Buffer.isBuffer(ours) ? ours.equals(value as Buffer) : Object.is(ours, value);
  }
}
