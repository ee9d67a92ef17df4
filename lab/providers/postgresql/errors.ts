import { DatabaseError, type ClientConfig } from "pg";
import { networkReason } from "../http";
import { Fault, wordsOf } from "../protocol/fault";

/** Why there is no session, for a person. Never says what password was tried. */
export function connectionFault(error: unknown, { host, port, user, database }: ClientConfig): Fault {
  const server = `PostgreSQL at ${host}:${port}`;
  if (error instanceof DatabaseError) {
    switch (error.code ?? "") {
      case "28P01":
        return new Fault(
          `${server} refuses user ${user} (password authentication failed)`,
          "Check username and password of provider postgresql.",
        );
      case "28000":
        return new Fault(`${server} refuses user ${user} (${error.message})`, "Check its pg_hba.conf.");
      case "3D000":
        return new Fault(`${server} has no database ${database}`);
      default:
        return new Fault(`${server} refuses a session of ${user} in ${database} (${messageOf(error)})`);
    }
  }
  if (/does not support SSL/.test(wordsOf(error))) {
    return new Fault(
      `${server} does not speak TLS`,
      `Provider postgresql asks for it by default: set sslmode = "disable" if this network is trusted.`,
    );
  }
  if (
    /^(client password must be a string|SASL: SCRAM-SERVER-FIRST-MESSAGE: client password)/.test(
      wordsOf(error),
    )
  ) {
    return new Fault(
      `${server} requires a password for user ${user}, and there is none`,
      "Set the password of provider postgresql.",
    );
  }
  const reason = /timeout/i.test(wordsOf(error)) ? "timed out" : networkReason(error);
  return new Fault(
    `${server} cannot be reached (${reason})`,
    "Start it, or correct the provider's host and port.",
  );
}

/** What the server says to a statement. The statement itself is left out: it may hold a verifier. */
export function queryFault(error: unknown): Fault {
  if (!(error instanceof DatabaseError))
    return new Fault(`The session with PostgreSQL broke (${wordsOf(error)})`);
  // 2BP01: what still depends on the object, which is what one needs to know.
  return new Fault(messageOf(error), error.code === "2BP01" ? error.detail : undefined);
}

function messageOf(error: DatabaseError): string {
  return `${error.message} (SQLSTATE ${error.code})`;
}
