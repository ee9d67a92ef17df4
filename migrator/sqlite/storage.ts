/** How SQLite stores a value, whatever its column was declared as: null, integer, real, text, blob. */
export type Storage = "n" | "i" | "r" | "t" | "b";

/** A value as read: bigint for `i`, number for `r`, bytes for `t` and `b`, null for `n`. Text is read as bytes, since
 * libsql ends the process on text that is not UTF-8. */
export type Raw = null | bigint | number | Buffer;
