import { Fault } from "../protocol/fault";

/** A name as an identifier in SQL, whatever it holds. */
export function identifier(name: string): string {
  // The server would cut it off and then be asked for a name that does not exist.
  if (name === "" || name.includes("\0") || Buffer.byteLength(name) > 63) {
    throw new Fault(`${JSON.stringify(name)} is not a name for PostgreSQL`, "It takes 1 to 63 bytes.");
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a literal in SQL, where a parameter may not stand. */
export function literal(text: string): string {
  if (text.includes("\0")) throw new Fault("PostgreSQL cannot store text with a NUL character");
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}
