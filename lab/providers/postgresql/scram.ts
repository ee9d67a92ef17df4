import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const pbkdf2 = promisify(pbkdf2Callback);

/** PostgreSQL's own figures. */
const iterations = 4096;
const saltBytes = 16;

/**
 * What PostgreSQL stores of a password. Sent instead of the password, it keeps it out of the server's
 * log, where a statement can end up. A password that is a verifier already stays as it is.
 */
export async function scramVerifier(password: string, salt = randomBytes(saltBytes)): Promise<string> {
  if (/^SCRAM-SHA-256\$\d+:[^$]+\$[^:]+:.+$/.test(password)) return password;
  const salted = await pbkdf2(saslPrep(password), salt, iterations, 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash("sha256").update(clientKey).digest();
  const parts = [storedKey, hmac(salted, "Server Key")].map((key) => key.toString("base64"));
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${parts.join(":")}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** RFC 4013 for what passwords hold: odd spaces become spaces, invisible characters go, the rest is normalized. */
function saslPrep(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ")
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200c\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g, "")
    .normalize("NFKC");
}
