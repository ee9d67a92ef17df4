import { readFileSync } from "node:fs";
import type { Environment } from "./environment";
import { InvalidEnvironment } from "./problems";

/**
 * The certificate that `server.caFile` names: it goes into the jobs.
 *
 * @throws {UserError} when the file cannot be read, holds none, or holds a private key
 */
export function certificateOf({ name, server: { caFile } }: Environment): string | undefined {
  return caFile === undefined ? undefined : certificateIn(name, "server.caFile", caFile);
}

/** Those that Vault's and Consul's `caFile` name, one after the other; as {@link certificateOf}. */
export function authoritiesOf({ name, vault, consul }: Environment): string | undefined {
  const files = { "vault.caFile": vault.caFile, "consul.caFile": consul.caFile };
  const all = Object.entries(files).flatMap(([path, file]) =>
    file === undefined ? [] : [certificateIn(name, path, file)],
  );
  return all.length === 0 ? undefined : [...new Set(all)].join("\n");
}

function certificateIn(environment: string, path: string, caFile: string): string {
  const problem = (message: string) => new InvalidEnvironment(environment, [{ path, message }]);
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
