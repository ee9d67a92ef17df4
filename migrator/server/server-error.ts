/** What a server's error may be told of: a message of its own, or of a function that the app has written, may hold values. */
import { messageOf } from "../base/errors";

interface ServerError {
  readonly code?: string;
  readonly where?: string;
}

/** SQLSTATE classes whose messages are about connections, rights, names and room, not about rows. */
const withoutValues = /^(08|25|28|2D|3B|3D|40|42|53|55|57|58|XX)/;

/** The app's function in which it happened, if it did: `touch(text)`. */
export function functionOf(error: unknown): string | undefined {
  return /function (\S+?\(.*?\)) /.exec((error as ServerError).where ?? "")?.[1];
}

/** The error's message, or its SQLSTATE where the message may hold a value. */
export function toldOf(error: unknown): string {
  const { code } = error as ServerError;
  const raisedBy = functionOf(error);
  if (raisedBy !== undefined) return `function ${raisedBy} raised SQLSTATE ${code}`;
  // Without a code it is no server's: a connection that was lost.
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || withoutValues.test(code)) return messageOf(error);
  return `the server reports SQLSTATE ${code}`;
}
