/** Who a forge's jobs are: it signs it, and Vault knows its key. */
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import * as fs from "node:fs/promises";
import { runner } from "../../environments/lab";
import { trustKey } from "../servers/vault";
import type { Stage } from "./context";

export class ForgeIdentity {
  private constructor(private readonly key: KeyObject) {}

  /** Has the lab's Vault trust a new forge. */
  static async trusted({ lab }: Stage): Promise<ForgeIdentity> {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await trustKey(lab.vault, runner.jwtAuth, publicKey.export({ type: "spki", format: "pem" }).toString());
    return new ForgeIdentity(privateKey);
  }

  /** Writes the identity of a job with these claims, good for ten minutes. */
  async write(file: string, claims: Readonly<Record<string, string>>): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: "lab",
      sub: "job",
      aud: "vault.io",
      iat: now,
      nbf: now - 5,
      exp: now + 600,
      ...claims,
    };
    const text = [{ alg: "RS256", typ: "JWT" }, payload].map(encoded).join(".");
    const signature = sign("RSA-SHA256", Buffer.from(text), this.key).toString("base64url");
    await fs.writeFile(file, `${text}.${signature}\n`, { mode: 0o600 });
  }
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
