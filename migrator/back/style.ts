/** How an app writes the values of one column, learned from those that it has written. */
import type { Rule } from "../../services/rules";
import { Misfit, unescapeCopy, type Convert } from "../values/misfit";
import type { ColumnPlan } from "../copy/copy-plan";
import type { Raw } from "../sqlite/storage";
import type { Storage } from "../sqlite/storage";
import { storageOf, type Bound, type Form } from "../values/sqlite-forms";
import { typeOf } from "../values/types";

/** So many values say how a column is written. */
const enough = 1000;

/** Types whose values an app can write in several ways of which it reads only its own. */
const formMatters = new Set(["timestamp", "timestamptz", "date", "time", "timetz", "interval", "uuid"]);

/** No value says in which form the app writes a column. */
export class Unlearned extends Misfit {}

/** What else says how a column is written, where its own values do not. */
export interface Hints {
  /** Those of the column. */
  readonly rules: readonly Rule[];
  /** Columns of the same types on both sides: an app writes them all alike. */
  readonly siblings: () => readonly Style[];
  /** SQLite stores a number in it as text: a boolean may be `1` as well as `true`. */
  readonly isText: boolean;
  /**
   * What the server would hold of a value if it rounded nothing: of a rounded one nobody can see in which form the app wrote it.
   * Absent where no rule rounds.
   */
  readonly exact?: Convert | undefined;
}

export class Style {
  readonly formMatters: boolean;
  private readonly forms: { readonly form: Form; seen: number }[];
  private learned = 0;

  /** @param encode text as bytes in the database's encoding. */
  constructor(
    private readonly column: ColumnPlan,
    private readonly encode: (text: string) => Buffer,
    private readonly hints: Hints,
  ) {
    const { type, isArray } = column.target;
    this.formMatters = formMatters.has(type) || isArray || (type === "bool" && hints.isText);
    this.forms = typeOf(column.target).forms.map((form) => ({ form, seen: 0 }));
  }

  /** Takes note of a value that the app wrote, and of the field that the server has for it. */
  learn(field: string, storage: Storage, value: Raw): void {
    if (this.learned >= enough || value === null || field === "\\N") return;
    this.learned++;
    const read = unescapeCopy(this.exact(storage, value) ?? field);
    for (const form of this.forms) {
      const written = form.form.write(read);
      if (written !== undefined && this.same(written, storage, value)) form.seen++;
    }
  }

  private exact(storage: Storage, value: Exclude<Raw, null>): string | undefined {
    try {
      return this.hints.exact?.(storage, value, { roundedFractions: 0, assumedUtc: 0 });
    } catch (error) {
      if (error instanceof Misfit) return undefined;
      throw error;
    }
  }

  /** The form in which most of its values are written, by the app's own hand. */
  get usual(): Form | undefined {
    const [first] = [...this.forms].sort((a, b) => b.seen - a.seen);
    return first !== undefined && first.seen > 0 ? first.form : undefined;
  }

  /**
   * The value for a field of the server's, written as most of the column's are, if that reads back as the very field; else in
   * another form that does. Where the form matters, only in one that the app is known to read.
   * @throws Misfit when none does, Unlearned when nobody knows how the app writes the column
   */
  write(field: string): Bound | null {
    if (field === "\\N") return null;
    const read = unescapeCopy(field);
    for (const form of this.candidates()) {
      const written = form.write(read);
      if (written !== undefined && this.readsBack(written, field)) return written;
    }
    throw new Misfit(`value of type ${this.column.target.described} that SQLite cannot hold`);
  }

  private candidates(): Form[] {
    const byUse = [...this.forms].sort((a, b) => b.seen - a.seen);
    if (!this.formMatters) return byUse.map(({ form }) => form);
    const usual = this.usual ?? this.declared() ?? this.siblings();
    if (usual === undefined)
      throw new Unlearned(
        this.learned > 0
          ? "the app writes it in a form that pgmoor cannot reproduce"
          : "no row of the source shows the form in which the app writes it",
      );
    const known = byUse.filter(({ form, seen }) => seen > 0 || form === usual || isOf(form, usual));
    return [usual, ...known.map(({ form }) => form)];
  }

  /** A cast says that the app writes numbers. */
  private declared(): Form | undefined {
    const cast = this.hints.rules.find((rule) => rule.kind === "cast");
    const name = cast?.as.replace("-", " ");
    return this.forms.find(({ form }) => form.name === name)?.form;
  }

  private siblings(): Form | undefined {
    const usual = new Set(this.hints.siblings().map((style) => style.usual));
    usual.delete(undefined);
    const [first, ...others] = [...usual];
    return first !== undefined && others.every((form) => form === first || isOf(form!, first))
      ? first
      : undefined;
  }

  private readsBack(written: Bound, field: string): boolean {
    const { converter } = this.column;
    // Its own text is what the server reads as the same value; the file is read anew at the end.
    if (converter.byServer) return typeof written === "string" || this.formMatters;
    const tally = { roundedFractions: 0, assumedUtc: 0 };
    try {
      return converter.convert(...this.raw(written), tally) === field && tally.roundedFractions === 0;
    } catch (error) {
      if (error instanceof Misfit) return false;
      throw error;
    }
  }

  /** A bound value as the migrator reads it from SQLite. */
  raw(value: Bound): [Storage, Exclude<Raw, null>] {
    return [storageOf(value), typeof value === "string" ? this.encode(value) : value];
  }

  private same(written: Bound, storage: Storage, value: Exclude<Raw, null>): boolean {
    const [kind, ours] = this.raw(written);
    if (kind !== storage) return false;
    return Buffer.isBuffer(ours) ? ours.equals(value as Buffer) : Object.is(ours, value);
  }
}

/** Whether two forms differ in the digits behind the second alone: who reads one reads the other. */
const isOf = (form: Form, other: Form) => form.family !== undefined && form.family === other.family;
