/** What a program of others said last, without the values of rows: those are a service's data, and this goes into logs. */

const lines = 6;

/** Each part of a message of PostgreSQL's programs begins with one of these. */
const part = /^(?:pg_\w+: |HINT: |CONTEXT: |Command was: )/;

/** The key of a row, or all of its values. */
const details = /^DETAIL: /;

/** At its end a value that cannot be read, or the line of COPY that it is in. */
const quoting = /^(CONTEXT: .*?|.*ERROR: .*?): ".*$/;

/** A number that is quoted in the middle. */
const outOfRange = / value "[^"]*" is out of range/;

/** A value may have lines of its own: what follows one is left out up to the next part. */
export function lastWords(stderr: string): string {
  const kept: string[] = [];
  let inValue = false;
  // restic clears the terminal's line, whether there is one or not.
  for (const line of stderr.replaceAll("\x1b[2K", "").trim().split("\n")) {
    if (details.test(line)) inValue = true;
    else if (part.test(line)) inValue = false;
    if (inValue) continue;
    kept.push(line.replace(quoting, "$1").replace(outOfRange, " value is out of range"));
    inValue = quoting.test(line);
  }
  return kept.slice(-lines).join("\n");
}
