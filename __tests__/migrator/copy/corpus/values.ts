import type { Cast, ColumnRule } from "../../../../services/rules";

type Without<R> = R extends ColumnRule ? Omit<R, "table" | "column"> : never;

/** One value in a column, and what comes of it. */
export interface ValueCase {
  readonly name: string;
  /** Of the target's column. */
  readonly type: string;
  /** As SQL that SQLite stores as it is: the source's column has no type. */
  readonly value: string;
  readonly rules?: readonly Without<ColumnRule>[];
  /** The target's text of it, `null` for NULL, `"no row"` for a row that is left behind. */
  readonly reads?: string | null;
  /** The kind of misfit, and the rule that would help. */
  readonly refused?: readonly [kind: string, rule: string];
  /** The rules have nothing to do here; else each is applied once. */
  readonly idle?: true;
  /** An extension. */
  readonly needs?: "vector" | "hstore";
}

const round = [{ kind: "cast", as: "round" }] as const;
const skip = [{ kind: "skip-row" }] as const;
const nullIf = (...values: (string | number)[]) => [{ kind: "null-if", values }] as const;
const cast = (as: Cast) => [{ kind: "cast", as }] as const;
const constant = (value: string | number | boolean) => [{ kind: "default", value }] as const;
const dflt = "default or skip-row";

/** What other databases take to make the types. */
export const prelude = `
  CREATE TYPE mood AS ENUM ('fine', 'so so'); CREATE TYPE _kind AS ENUM ('[1]', '5'); CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
  CREATE DOMAIN short AS varchar(3); CREATE DOMAIN shorter AS short;`;

// prettier-ignore
export const numbers: readonly ValueCase[] = [
  { name: "fraction in a bigint", type: "bigint", value: "20.5", refused: ["real with a fraction in a column of type bigint", "cast round"] },
  { name: "fraction in a bigint, rounded", type: "bigint", value: "20.5", rules: round, reads: "21" },
  { name: "negative fraction, rounded away from zero", type: "integer", value: "-0.5", rules: round, reads: "-1" },
  { name: "text of a fraction, rounded", type: "integer", value: "'-12.50'", rules: round, reads: "-13" },
  { name: "text of a fraction", type: "integer", value: "'12.5'", refused: ["text in a column of type integer", "cast round"] },
  { name: "whole real in an integer", type: "integer", value: "3.0", reads: "3" },
  { name: "text of an integer", type: "integer", value: "'42'", reads: "42" },
  { name: "text in an integer column", type: "integer", value: "'many'", refused: ["text in a column of type integer", dflt] },
  { name: "text in an integer column, a default", type: "integer", value: "'many'", rules: constant(-1), reads: "-1" },
  { name: "text in an integer column, left behind", type: "integer", value: "'many'", rules: skip, reads: "no row" },
  { name: "'' for NULL in an integer", type: "integer", value: "''", refused: ["empty text", 'null-if ""'] },
  { name: "'' for NULL in an integer, declared", type: "integer", value: "''", rules: nullIf(""), reads: null },
  { name: "a number for NULL, declared", type: "integer", value: "-1", rules: nullIf(-1, "none"), reads: null },
  { name: "NULL in a NOT NULL column", type: "integer NOT NULL", value: "NULL", refused: ["NULL in a column that is NOT NULL", dflt] },
  { name: "NULL in a NOT NULL column, a default", type: "integer NOT NULL", value: "NULL", rules: constant(0), reads: "0" },
  { name: "'' to NULL to a default", type: "integer NOT NULL", value: "''", rules: [...nullIf(""), ...constant(7)], reads: "7" },
  { name: "blob in an integer", type: "integer", value: "x'01'", refused: ["blob in a column of type integer", dflt] },
  { name: "integer out of range", type: "smallint", value: "32768", refused: ["integer out of the range of smallint", dflt] },
  { name: "integer beyond 64 bits as real", type: "bigint", value: "18446744073709551616", refused: ["real too large to be an exact integer", "cast round"] },
  { name: "integer beyond 53 bits as real, rounded", type: "bigint", value: "9007199254740993.0", rules: round, reads: "9007199254740992" },
  { name: "integer beyond 64 bits as real, rounded", type: "bigint", value: "18446744073709551616", rules: round, refused: ["integer out of the range of bigint", dflt] },
  { name: "integer beyond 64 bits in a numeric", type: "numeric", value: "'18446744073709551616'", reads: "18446744073709551616" },
  { name: "infinity in an integer", type: "bigint", value: "9e999", refused: ["infinity", dflt] },
  { name: "infinity in a double", type: "double precision", value: "-9e999", reads: "-Infinity" },
  { name: "a double that a real cannot hold", type: "real", value: "0.1", refused: ["number that real cannot hold exactly", "cast round"] },
  { name: "a double that a real cannot hold, rounded", type: "real", value: "0.1", rules: round, reads: "0.1" },
  { name: "a double out of a real's range", type: "real", value: "1e300", rules: round, refused: ["out of the range of real", dflt] },
  { name: "integer that a double cannot hold", type: "double precision", value: "9007199254740993", refused: ["cannot hold exactly", "cast round"] },
  { name: "integer that a double cannot hold, rounded", type: "double precision", value: "9007199254740993", rules: round, reads: "9.007199254740992e+15" },
  { name: "text of a whole real in a double", type: "double precision", value: "'1.0'", reads: "1" },
  { name: "text of a real in another spelling", type: "double precision", value: "'-1500.00e-1'", reads: "-150" },
  { name: "text of more digits than a double has", type: "double precision", value: "'0.1000000000000000055'", refused: ["text of a number that double precision cannot hold exactly", "cast round"] },
  { name: "a large number for NULL is not its neighbour", type: "bigint", value: "9007199254740993", rules: nullIf(9007199254740992), reads: "9007199254740993", idle: true },
  { name: "a large number for NULL", type: "bigint", value: "9007199254740992", rules: nullIf(9007199254740992), reads: null },
  { name: "a real for NULL", type: "double precision", value: "-1.0", rules: nullIf(-1), reads: null },
  { name: "fraction finer than a numeric", type: "numeric(5,2)", value: "1.005", refused: ["fraction finer than numeric(5,2) can hold", "cast round"] },
  { name: "fraction finer than a numeric, rounded up", type: "numeric(5,2)", value: "-999.994999", rules: round, reads: "-999.99" },
  { name: "more digits than a numeric has before its point", type: "numeric", value: "replace(hex(zeroblob(65538)), '0', '7')", refused: ["number with more digits than numeric can hold", dflt] },
  { name: "more digits than a numeric has behind its point", type: "numeric", value: "'0.' || hex(zeroblob(40000)) || '7'", refused: ["number with more digits than numeric can hold", dflt] },
  { name: "zero in a numeric of whole hundreds", type: "numeric(3,-2)", value: "0", reads: "0" },
  { name: "rounded beyond a numeric", type: "numeric(5,2)", value: "999.995", rules: round, refused: ["number out of the range", dflt] },
  { name: "'' for NULL in a numeric", type: "numeric", value: "''", refused: ["empty text", 'null-if ""'] },
  { name: "booleans in words", type: "boolean", value: "'True'", reads: "true" },
  { name: "a number that is no boolean", type: "boolean", value: "2", refused: ["number other than 0 and 1", dflt] },
  { name: "a number that is no boolean, a default", type: "boolean", value: "2", rules: constant(true), reads: "true" },
  { name: "'' for NULL in a boolean", type: "boolean", value: "''", refused: ["empty text", 'null-if ""'] },
  { name: "money as it is printed", type: "money", value: "'$1,234.50'", reads: "$1,234.50" },
  { name: "money as a number", type: "money", value: "1234.5", refused: ["money would store differently", dflt] },
];

// prettier-ignore
export const texts: readonly ValueCase[] = [
  { name: "a NUL in text", type: "text", value: "CAST(x'610062' AS TEXT)", refused: ["text with a NUL character", dflt] },
  { name: "a NUL in text, a default", type: "text", value: "CAST(x'610062' AS TEXT)", rules: constant("(lost)\t"), reads: "(lost)\t" },
  { name: "invalid UTF-8", type: "text", value: "CAST(x'ff41' AS TEXT)", refused: ["text that is not valid UTF-8", dflt] },
  { name: "invalid UTF-8, left behind", type: "text", value: "CAST(x'ff41' AS TEXT)", rules: skip, reads: "no row" },
  { name: "tabs, newlines, backslashes, emoji", type: "text", value: "'\\N' || char(9, 10, 13) || '\\.😀'", reads: "\\N\t\n\r\\.😀" },
  { name: "integer in text", type: "text", value: "42", reads: "42" },
  { name: "real in text", type: "text", value: "42.0", reads: "42.0" },
  { name: "blob in text", type: "text", value: "x'c3a9'", refused: ["blob in a column of type text", "cast utf8"] },
  { name: "blob in text, declared", type: "varchar(1)", value: "x'c3a9'", rules: cast("utf8"), reads: "é" },
  { name: "blob that is no text, declared", type: "text", value: "x'ff'", rules: cast("utf8"), refused: ["not valid UTF-8", dflt] },
  { name: "varchar too long", type: "varchar(3)", value: "'abcd'", refused: ["text longer than character varying(3) allows", dflt] },
  { name: "varchar of emoji", type: "varchar(3)", value: "'😀😀😀'", reads: "😀😀😀" },
  { name: "char(n) filled up", type: "char(4)", value: "'ab'", reads: "ab" },
  { name: "char(n) with a space of its own", type: "char(4)", value: "'ab '", refused: ["text that ends in a space", dflt] },
  { name: "domain of a domain of varchar(3)", type: "shorter", value: "'abcd'", refused: ["text longer than", dflt] },
  { name: "blob in bytea", type: "bytea", value: "x'00ff5c'", reads: "\\x00ff5c" },
  { name: "text in bytea", type: "bytea", value: "'é'", reads: "\\xc3a9" },
  { name: "integer in bytea", type: "bytea", value: "7", refused: ["integer in a column of type bytea", dflt] },
  { name: "uuid from text without hyphens", type: "uuid", value: "'A0EEBC999C0B4EF8BB6D6BB9BD380A11'", reads: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" },
  { name: "uuid from a blob", type: "uuid", value: "x'a0eebc999c0b4ef8bb6d6bb9bd380a11'", refused: ["ambiguous byte order (uuid-bytes or dotnet-guid)", "cast uuid-bytes"] },
  { name: "uuid from a blob, declared", type: "uuid", value: "x'a0eebc999c0b4ef8bb6d6bb9bd380a11'", rules: cast("uuid-bytes"), reads: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" },
  { name: "a Guid of .NET's", type: "uuid", value: "x'99bceea00b9cf84ebb6d6bb9bd380a11'", refused: ["ambiguous byte order", "cast dotnet-guid"] },
  { name: "a Guid of .NET's, declared", type: "uuid", value: "x'99bceea00b9cf84ebb6d6bb9bd380a11'", rules: cast("dotnet-guid"), reads: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" },
  { name: "negative zero in text", type: "text", value: "-0.0", reads: "-0.0" },
  { name: "uuid too short", type: "uuid", value: "x'a0'", refused: ["blob that is not a uuid", dflt] },
  { name: "'' for NULL in a uuid", type: "uuid", value: "''", refused: ["empty text", 'null-if ""'] },
];

// prettier-ignore
export const times: readonly ValueCase[] = [
  { name: "ISO with T, fraction and Z", type: "timestamp", value: "'2024-02-29T23:59:59.5Z'", reads: "2024-02-29 23:59:59.5" },
  { name: "ISO day alone", type: "timestamptz", value: "'2024-02-29'", reads: "2024-02-29 00:00:00+00" },
  { name: "ISO with a zone", type: "timestamptz", value: "'2024-03-01 01:30:00+02:00'", reads: "2024-02-29 23:30:00+00" },
  { name: "ISO with a zone in a column without", type: "timestamp", value: "'2024-03-01 01:30:00+0200'", refused: ["zone other than UTC", "cast utc"] },
  { name: "ISO with a zone in a column without, declared", type: "timestamp", value: "'2024-03-01 01:30:00+0200'", rules: cast("utc"), reads: "2024-02-29 23:30:00" },
  { name: "nanoseconds", type: "timestamp", value: "'2024-01-01 00:00:00.123456789'", reads: "2024-01-01 00:00:00.123457" },
  { name: "milliseconds in a timestamp(0)", type: "timestamp(0)", value: "'2024-01-01 00:00:00.500'", refused: ["finer than timestamp(0)", "cast round"] },
  { name: "milliseconds in a timestamp(0), rounded", type: "timestamp(0)", value: "'2023-12-31 23:59:59.500'", rules: round, reads: "2024-01-01 00:00:00" },
  { name: "epoch in seconds", type: "timestamp", value: "1700000000", refused: ["number in a column of type timestamp", "cast epoch-seconds"] },
  { name: "epoch in seconds, declared", type: "timestamp", value: "1700000000", rules: cast("epoch-seconds"), reads: "2023-11-14 22:13:20" },
  { name: "epoch in seconds with a fraction, declared", type: "timestamptz", value: "-0.25", rules: cast("epoch-seconds"), reads: "1969-12-31 23:59:59.75+00" },
  { name: "epoch in seconds as text, declared", type: "timestamp(0)", value: "'1700000000.6'", rules: cast("epoch-seconds"), reads: "2023-11-14 22:13:21" },
  { name: "ISO text where seconds are declared", type: "timestamp", value: "'2024-01-01 00:00'", rules: cast("epoch-seconds"), reads: "2024-01-01 00:00:00", idle: true },
  { name: "digits that may be a date", type: "timestamp", value: "'20240101'", rules: cast("epoch-seconds"), refused: ["text of digits: ambiguous (a date or a number)", dflt] },
  { name: "digits that are no date", type: "timestamp", value: "'20249901'", rules: cast("epoch-seconds"), reads: "1970-08-23 08:58:21" },
  { name: "a day by a cast, whose time does not exist", type: "date", value: "'2024-01-01 99:00'", rules: cast("day"), refused: ["does not exist", dflt] },
  { name: "Django's duration", type: "interval", value: "3600000000", refused: ["number in a column of type interval: ambiguous unit (microseconds, milliseconds, seconds or ticks)", "cast microseconds"] },
  { name: "Django's duration, declared", type: "interval", value: "3600000000", rules: cast("microseconds"), reads: "01:00:00" },
  { name: "Django's duration before zero, declared", type: "interval", value: "-90000001", rules: cast("microseconds"), reads: "-00:01:30.000001" },
  { name: "text of digits in an interval", type: "interval", value: "'3600000000'", refused: ["number in a column of type interval", "cast microseconds"] },
  { name: "text of digits in an interval, declared", type: "interval", value: "'3600000000'", rules: cast("microseconds"), reads: "01:00:00" },
  { name: "text of a fraction in an interval, declared", type: "interval", value: "'90.25'", rules: cast("seconds"), reads: "00:01:30.25" },
  { name: "digits with a space in an interval", type: "interval", value: "' 90'", refused: ["number in a column of type interval", "cast seconds"] },
  { name: "digits in brackets in an interval", type: "interval", value: "'[90]'", refused: ["text that is not a valid interval", dflt] },
  { name: "a number behind a unit in an interval", type: "interval", value: "'1 day 5'", refused: ["number without a unit", dflt] },
  { name: "a number, ago, in an interval", type: "interval", value: "'5 ago'", refused: ["number without a unit", dflt] },
  { name: "ISO 8601 in an interval", type: "interval", value: "'P1Y2M3DT4H5M6S'", reads: "1 year 2 mons 3 days 04:05:06" },
  { name: "years and months in an interval", type: "interval", value: "'1-2'", reads: "1 year 2 mons" },
  { name: "seconds in an interval", type: "interval", value: "90", refused: ["ambiguous unit", "cast seconds"] },
  { name: "seconds in an interval, declared", type: "interval", value: "90.25", rules: cast("seconds"), reads: "00:01:30.25" },
  { name: "milliseconds in an interval, declared", type: "interval", value: "90250", rules: cast("milliseconds"), reads: "00:01:30.25" },
  { name: "ticks in an interval, declared", type: "interval", value: "900000010", rules: cast("ticks"), reads: "00:01:30.000001" },
  { name: "ticks finer than an interval, declared", type: "interval", value: "900000011", rules: cast("ticks"), refused: ["ticks finer than the microseconds", dflt] },
  { name: "SQLAlchemy's interval", type: "interval", value: "'1970-01-01 00:00:00.013053'", refused: ["date and time in a column of type interval", "cast since-epoch"] },
  { name: "SQLAlchemy's interval, declared", type: "interval", value: "'1970-01-01 00:00:00.013053'", rules: cast("since-epoch"), reads: "00:00:00.013053" },
  { name: "SQLAlchemy's interval of two days before zero, declared", type: "interval", value: "'1969-12-29 23:59:59.5'", rules: cast("since-epoch"), reads: "-48:00:00.5" },
  { name: "an interval in its own words where the epoch is declared", type: "interval", value: "'00:05:00'", rules: cast("since-epoch"), reads: "00:05:00", idle: true },
  { name: "epoch in milliseconds", type: "timestamp", value: "1700000000123", refused: ["ambiguous unit", "cast epoch-milliseconds"] },
  { name: "epoch in milliseconds, declared", type: "timestamp", value: "1700000000123", rules: cast("epoch-milliseconds"), reads: "2023-11-14 22:13:20.123" },
  { name: "epoch beyond all years, declared", type: "timestamp", value: "1700000000123000000", rules: cast("epoch-seconds"), refused: ["date or time that does not exist", dflt] },
  { name: "Julian day", type: "timestamp", value: "2460263.42616", refused: ["ambiguous unit", "cast julian-days"] },
  { name: "Julian day, declared", type: "timestamp", value: "julianday('2023-11-14 22:13:20.123')", rules: cast("julian-days"), reads: "2023-11-14 22:13:20.123" },
  { name: "Julian day in a date, declared", type: "date", value: "2460263.42616", rules: cast("julian-days"), reads: "2023-11-14" },
  { name: "seconds in a date, declared", type: "date", value: "1700000000", rules: cast("epoch-seconds"), reads: "2023-11-14" },
  { name: "0000-00-00", type: "timestamp", value: "'0000-00-00 00:00:00'", refused: ["date of zeros", 'null-if "0000-00-00 00:00:00"'] },
  { name: "0000-00-00, declared", type: "date", value: "'0000-00-00'", rules: nullIf("0000-00-00"), reads: null },
  { name: "'' for NULL in a timestamp", type: "timestamp", value: "''", refused: ["empty text", 'null-if ""'] },
  { name: "a day that there is not", type: "date", value: "'2023-02-30'", refused: ["date or time that does not exist", dflt] },
  { name: "date with a time of day", type: "date", value: "'2024-01-01 12:00:00'", refused: ["date with a time of day", "cast day"] },
  { name: "date with a time of day, declared", type: "date", value: "'2024-01-01 12:00:00'", rules: cast("day"), reads: "2024-01-01" },
  { name: "text that is no time", type: "timestamp", value: "'1 Jan 2024'", refused: ["not ISO 8601 for timestamp without time zone", dflt] },
  { name: "text that is no time, a default", type: "timestamp", value: "'1 Jan 2024'", rules: constant("1970-01-01"), reads: "1970-01-01 00:00:00" },
  { name: "time of day", type: "time", value: "'12:34'", reads: "12:34:00" },
  { name: "seconds in a time of day", type: "time", value: "45240", refused: ["ambiguous unit", dflt] },
  { name: "timetz", type: "timetz", value: "'12:34:56+02'", reads: "12:34:56+02" },
  { name: "timetz without a zone", type: "timetz", value: "'12:34:56'", refused: ["time with time zone would store differently", dflt] },
  { name: "interval in words", type: "interval", value: "'1 week 90 minutes'", reads: "7 days 01:30:00" },
  { name: "interval with a fraction of a month", type: "interval", value: "'1.7 months'", refused: ["interval would store differently", dflt] },
];

// prettier-ignore
export const others: readonly ValueCase[] = [
  { name: "json would store differently", type: "json", value: `'{"b": 1,  "a":1.50}'`, reads: '{"b": 1,  "a":1.50}' },
  { name: "jsonb as a value", type: "jsonb", value: `'{"b":1,"a":1.50}'`, reads: '{"a": 1.50, "b": 1}' },
  { name: "jsonb with a key twice", type: "jsonb", value: `'{"a":1,"a":2}'`, refused: ["same key twice", dflt] },
  { name: "jsonb that a few bytes make gigabytes of", type: "jsonb", value: `'["' || replace(hex(zeroblob(9000)), '00', '",1e131071,"') || '"]'`, refused: ["power of ten beyond 999 in a column of type jsonb", dflt] },
  { name: "jsonb of thousands of digits, a default", type: "jsonb", value: "'[1E-1000]'", rules: constant("{}"), reads: "{}" },
  { name: "jsonb with powers in strings", type: "jsonb", value: `'{"1e5000": "1e5000", "a": 1e999}'`, reads: `{"a": 1${"0".repeat(999)}, "1e5000": "1e5000"}` },
  { name: "numbers of thousands of digits in an array", type: "numeric[]", value: "'[1e131071]'", refused: ["power of ten beyond 999", dflt] },
  { name: "numbers of thousands of digits in a range", type: "numrange", value: "'[1,1e131071)'", refused: ["power of ten beyond 999", dflt] },
  { name: "numbers of thousands of digits in a range, a default", type: "numrange", value: "'[1,1e131071)'", rules: constant("[1,2)"), reads: "[1,2)" },
  { name: "jsonb deeper than a call stack", type: "jsonb", value: `replace(hex(zeroblob(6000)), '00', '{"a":') || 1 || replace(hex(zeroblob(6000)), '00', '}')`, reads: `${'{"a": '.repeat(6000)}1${"}".repeat(6000)}` },
  { name: "jsonb deeper than the server takes it", type: "jsonb", value: "replace(hex(zeroblob(100000)), '00', '[')", refused: ["cannot parse as jsonb", dflt] },
  { name: "jsonb deeper than the server takes it, a default", type: "jsonb", value: "replace(hex(zeroblob(100000)), '00', '[')", rules: constant("{}"), reads: "{}" },
  { name: "jsonb that is none, a default", type: "jsonb", value: "'{'", rules: constant("{}"), reads: "{}" },
  { name: "'' for NULL in json", type: "json", value: "''", refused: ["empty text", 'null-if ""'] },
  { name: "array as PostgreSQL writes it", type: "text[]", value: `'{a,"b c",NULL}'`, reads: '{a,"b c",NULL}' },
  { name: "array of text from JSON", type: "text[]", value: `'["a", "b,c", "NULL", null, "\\"\\\\"]'`, reads: '{a,"b,c","NULL",NULL,"\\"\\\\"}' },
  { name: "array of text with spaces that are none of ASCII's", type: "text[]", value: `'["\u00a0", "\u2003x", "\ufeff"]'`, reads: "{\u00a0,\u2003x,\ufeff}" },
  { name: "such an array as PostgreSQL writes it", type: "text[]", value: `'{\u00a0, \u3000x }'`, reads: "{\u00a0,\u3000x}" },
  { name: "array of numbers from JSON", type: "bigint[]", value: "'[[1, 9007199254740993], [3,4]]'", reads: "{{1,9007199254740993},{3,4}}" },
  { name: "array of booleans from JSON", type: "boolean[]", value: "'[true,false]'", reads: "{t,f}" },
  { name: "array of dates from JSON", type: "date[]", value: `'["2024-02-29", null]'`, reads: "{2024-02-29,NULL}" },
  { name: "array of times from JSON, with a space more", type: "timestamp[]", value: `'["2024-02-29  10:00:00"]'`, reads: '{"2024-02-29 10:00:00"}' },
  { name: "array of days that there are not", type: "date[]", value: `'["2023-02-29"]'`, refused: ["cannot parse as date[]", dflt] },
  { name: "array of what is no date, left behind", type: "date[]", value: "'[0]'", rules: skip, reads: "no row" },
  { name: "array of an enum from JSON", type: "mood[]", value: `'["so so", "fine"]'`, reads: '{"so so",fine}' },
  { name: "array of JSON in PostgreSQL's form", type: "jsonb[]", value: `'{"{\\"a\\":1}"}'`, reads: '{"{\\"a\\": 1}"}' },
  { name: "array of addresses in another spelling", type: "inet[]", value: `'["10.0.0.1/32"]'`, refused: ["inet[] would store differently", dflt] },
  { name: "array of booleans from JSON in text", type: "text[]", value: "'[true]'", refused: ["JSON boolean in a column of type text[]", dflt] },
  { name: "array finer than its type", type: "numeric(5,2)[]", value: "'{1.25,1.234}'", refused: ["numeric(5,2)[] would store differently", dflt] },
  { name: "array of numerics", type: "numeric(5,2)[]", value: "'[1.25, 3.00]'", reads: "{1.25,3.00}" },
  { name: "array of numerics with fewer places than its type", type: "numeric(5,2)[]", value: "'[-0.5, 3, 10.0]'", reads: "{-0.50,3.00,10.00}" },
  { name: "array of numerics with a power of ten", type: "numeric[]", value: "'[1e1]'", refused: ["numeric[] would store differently", dflt] },
  { name: "array of numerics beyond a double", type: "numeric[]", value: "'[0.10000000000000000001, 9007199254740993]'", reads: "{0.10000000000000000001,9007199254740993}" },
  { name: "array of longer texts than its type", type: "varchar(2)[]", value: "'{ab,abc}'", refused: ["character varying(2)[] would store differently", dflt] },
  { name: "a number in an array", type: "integer[]", value: "5", refused: ["integer in a column of type integer[]", dflt] },
  { name: "jsonb with a zero below zero", type: "jsonb", value: `'{"a": [1, -0.0]}'`, refused: ["negative zero in a column of type jsonb", dflt] },
  { name: "jsonb with small and large numbers", type: "jsonb", value: `'[-0.01, -0.5e-3, 1e400, "-0.0"]'`, reads: `[-0.01, -0.0005, 1${"0".repeat(400)}, "-0.0"]` },
  { name: "an enum with the name of an array", type: "_kind", value: "'[1]'", reads: "[1]" },
  { name: "a number that is an enum's label", type: "_kind", value: "5", reads: "5" },
  { name: "an integer in a cidr", type: "cidr", value: "42", refused: ["integer in a column of type cidr", dflt] },
  { name: "digits in a cidr", type: "cidr", value: "'42'", refused: ["network without all its parts", dflt] },
  { name: "a network that PostgreSQL fills up", type: "cidr", value: "'10.1'", refused: ["network without all its parts", dflt] },
  { name: "a network without its length", type: "cidr", value: "'10.1.0.0'", reads: "10.1.0.0/32" },
  { name: "a network of IPv6", type: "cidr", value: "'FE80::/10'", reads: "fe80::/10" },
  { name: "an integer in an inet", type: "inet", value: "42", refused: ["integer in a column of type inet", dflt] },
  { name: "an integer in a bit string", type: "bit varying(4)", value: "101", refused: ["integer in a column of type bit varying(4)", dflt] },
  { name: "array of objects from JSON", type: "jsonb[]", value: `'[{"a":1}]'`, refused: ["cannot parse as jsonb[]", dflt] },
  { name: "array of reals that loses digits", type: "real[]", value: "'[0.123456789012]'", refused: ["real[] would store differently", dflt] },
  { name: "enum", type: "mood", value: "'so so'", reads: "so so" },
  { name: "enum without the label", type: "mood", value: "'awful'", refused: ["cannot parse as mood", dflt] },
  { name: "enum without the label, a default", type: "mood", value: "'awful'", rules: constant("fine"), reads: "fine" },
  { name: "'' for NULL in an enum, declared", type: "mood", value: "''", rules: nullIf(""), reads: null },
  { name: "inet in another spelling", type: "inet", value: "'10.0.0.1/32'", reads: "10.0.0.1/32" },
  { name: "inet that is none", type: "inet", value: "'10.0.0.256'", refused: ["cannot parse as inet", dflt] },
  { name: "inet that is none, left behind", type: "inet", value: "'10.0.0.256'", rules: skip, reads: "no row" },
  { name: "macaddr in another spelling", type: "macaddr", value: "'08002B010203'", reads: "08:00:2b:01:02:03" },
  { name: "domain", type: "positive", value: "5", reads: "5" },
  { name: "range in another spelling", type: "int4range", value: "'[1,4]'", reads: "[1,5)" },
  { name: "range of dates with times of day", type: "daterange", value: "'[2024-01-01 12:00,2024-02-01)'", refused: ["daterange would store differently", dflt] },
  { name: '"char"', type: '"char"', value: "'a'", reads: "a" },
  { name: '"char" of two letters', type: '"char"', value: "'ab'", refused: ['"char" would store differently', dflt] },
  { name: "bit string", type: "bit varying(4)", value: "'101'", reads: "101" },
  { name: "point in another spelling", type: "point", value: "'(1.0,2)'", refused: ["point would store differently", dflt] },
  { name: "hstore", type: "hstore", value: `'a=>1, "b c"=>NULL'`, reads: '"a"=>"1", "b c"=>NULL', needs: "hstore" },
  { name: "hstore with a key twice", type: "hstore", value: `'a=>1, "a"=>2'`, refused: ["key twice", dflt], needs: "hstore" },
  { name: "vector from JSON", type: "vector(3)", value: "'[1.0, 0.10, 0.12345679104328156]'", reads: "[1,0.1,0.12345679]", needs: "vector" },
  { name: "vector with more digits than it holds", type: "vector(1)", value: "'[0.123456789]'", refused: ["vector(1) would store differently", dflt], needs: "vector" },
  { name: "vector that is none", type: "vector(3)", value: "'[1,x]'", refused: ["cannot parse as vector(3)", dflt], needs: "vector" },
];
