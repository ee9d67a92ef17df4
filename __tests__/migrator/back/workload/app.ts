/** A generated app: its tables, the rows that it wrote to SQLite, and what it does on the server. */
import fc from "fast-check";
import { kinds, type Kind, type Value } from "./kinds";

/** How the rows of a table are told apart. */
export type Shape = "serial" | "text key" | "no key";

export interface Table {
  readonly name: string;
  readonly shape: Shape;
  readonly columns: readonly Kind[];
  /** Whether a rule `like` shows how the app writes each column. */
  readonly shown: boolean;
  /** Keys are unique; a table without a key has no use for them. */
  readonly rows: readonly (readonly [key: string, values: readonly Value[]])[];
}

/** One thing that the app does to a table; `row` counts round the rows that there are. */
export type Step = { readonly table: number } & (
  | { readonly act: "insert"; readonly key: string; readonly values: readonly Value[] }
  | {
      readonly act: "update";
      readonly row: number;
      readonly column: number;
      readonly values: readonly Value[];
    }
  | { readonly act: "delete"; readonly row: number }
  /** Two rows exchange a value that is unique; of serial tables only. */
  | { readonly act: "exchange"; readonly row: number; readonly other: number }
  | { readonly act: "clear" }
);

export interface App {
  readonly tables: readonly Table[];
  /** Each is worked on the server, brought back and moved there again. */
  readonly rounds: readonly (readonly Step[])[];
}

const valuesOf = (columns: readonly Kind[]): fc.Arbitrary<Value[]> =>
  fc.tuple(
    ...columns.map(({ values }) =>
      fc.oneof({ arbitrary: values, weight: 6 }, { arbitrary: fc.constant(null), weight: 1 }),
    ),
  );

const keys = fc.oneof(
  fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 3 }),
  fc.constantFrom("a", "A", "ä", "a\tb", "\\N", "1", "01"),
);

/** An app writes columns that it declares alike in one way. */
const ways: fc.Arbitrary<Kind[]> = fc
  .shuffledSubarray([...kinds], { minLength: kinds.length })
  .map((all) => [...new Map(all.map((kind) => [`${kind.type} ${kind.declared}`, kind])).values()]);

const table = (place: number, own: readonly Kind[]): fc.Arbitrary<Table> =>
  fc
    .record({
      shape: fc.constantFrom<Shape>("serial", "serial", "text key", "no key"),
      columns: fc.array(fc.constantFrom(...own), { minLength: 1, maxLength: 4 }),
    })
    .chain(({ shape, columns }) =>
      fc.record({
        name: fc.constant(`t${place}`),
        shape: fc.constant(shape),
        columns: fc.constant(columns),
        shown: fc.boolean(),
        rows: fc.uniqueArray(fc.tuple(keys, valuesOf(columns)), { selector: ([key]) => key, maxLength: 12 }),
      }),
    );

const step = (tables: readonly Table[]): fc.Arbitrary<Step> =>
  fc.nat(tables.length - 1).chain((place): fc.Arbitrary<Step> => {
    const { columns } = tables[place]!;
    const [of, row] = [fc.constant(place), fc.nat(11)];
    return fc.oneof(
      {
        arbitrary: fc.record({
          table: of,
          act: fc.constant("insert" as const),
          key: keys,
          values: valuesOf(columns),
        }),
        weight: 5,
      },
      {
        arbitrary: fc.record({
          table: of,
          act: fc.constant("update" as const),
          row,
          column: fc.nat(columns.length - 1),
          values: valuesOf(columns),
        }),
        weight: 5,
      },
      { arbitrary: fc.record({ table: of, act: fc.constant("delete" as const), row }), weight: 2 },
      {
        arbitrary: fc.record({ table: of, act: fc.constant("exchange" as const), row, other: fc.nat(11) }),
        weight: 2,
      },
      { arbitrary: fc.record({ table: of, act: fc.constant("clear" as const) }), weight: 1 },
    );
  });

export const apps: fc.Arbitrary<App> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), ways)
  .chain(([count, own]) => fc.tuple(...Array.from({ length: count }, (_, place) => table(place, own))))
  .chain((tables) =>
    fc.record({
      tables: fc.constant(tables),
      rounds: fc.array(fc.array(step(tables), { minLength: 1, maxLength: 10 }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
  );
