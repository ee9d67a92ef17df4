import { readFileSync } from "node:fs";
import type { Environment } from "./environment";
import { InvalidEnvironment } from "./problems";

/**
 * The certificate that `server.caFile` names: it goes into the jobs.
 *
 * @throws {UserError} when the file cannot be read, holds none, or holds a private key
 */
export function certificateOf({ name, server: { caFile } }: Environment): string | undefined {
  if (caFile === undefined) return undefined;
  const problem = (message: string) => new InvalidEnvironment(name, [{ path: "server.caFile", message }]);
  let text: string;
  try {
    text = readFileSync(caFile, "utf8");
  } catch {
    throw problem(`${caFile} cannot be read. Allowed: a file, by its path from the project's folder.`);
  }
  if (text.includes("PRIVATE KEY"))
    throw problem(`${caFile} holds a private key. Put the certificate alone into it.`);
  if (!/^-----BEGIN CERTIFICATE-----$/m.test(text))
    throw problem(`${caFile} holds no certificate. Allowed: PEM (-----BEGIN CERTIFICATE-----).`);
  return text;
}
