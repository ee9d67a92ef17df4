import * as fs from "node:fs";
import { Refused } from "../base/errors";

/** Ends the record of a super-journal, and begins a journal: https://www.sqlite.org/fileformat2.html#the_rollback_journal. */
const magic = Buffer.from("d9d505f920a163d7", "hex");
/** The record's end: length of the name, checksum, magic. */
const endBytes = 16;
/** Of a name that SQLite would take. */
const mostNameBytes = 4096;

/**
 * Refuses a rollback journal that names a super-journal: the transaction went over several attached databases, and whether it
 * was committed is said by that other file. SQLite would look for it by its path, which may be another here; and it deletes the
 * file of that name once it has rolled back, whoever wrote the name there.
 * @param file the copy; SQLite has not seen it yet.
 * @param label the source, for messages.
 * @throws Refused naming the super-journal.
 */
export function requireOwnJournal(file: string, label: string): void {
  const journal = `${file}-journal`;
  if (!fs.existsSync(journal)) return;
  const handle = fs.openSync(journal, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    const { size } = fs.fstatSync(handle);
    const end = Buffer.alloc(Math.min(size, endBytes + mostNameBytes));
    fs.readSync(handle, end, 0, end.length, size - end.length);
    // Whether the name is one that SQLite would take (its length, its checksum) does not matter: nothing else ends like this.
    if (end.length < endBytes || !end.subarray(-magic.length).equals(magic)) return;
    const length = end.readUInt32BE(end.length - endBytes);
    const name = end.subarray(Math.max(0, end.length - endBytes - length), end.length - endBytes);
    throw new Refused(
      `${label}: its journal belongs to an interrupted transaction over several databases (super-journal ${JSON.stringify(name.toString())}). ` +
        "Start the app once so that SQLite finishes the transaction, stop it, and try again",
    );
  } finally {
    fs.closeSync(handle);
  }
}
