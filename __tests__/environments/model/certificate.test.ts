import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homelab } from "../../../environments/homelab";
import { certificateOf } from "../../../environments/model/certificate";

const folder = mkdtempSync(join(tmpdir(), "pgmoor-certificate-"));
afterAll(() => rmSync(folder, { recursive: true }));

function certificateIn(text: string | undefined): string | undefined {
  const caFile = join(folder, "ca.pem");
  if (text === undefined) rmSync(caFile, { force: true });
  else writeFileSync(caFile, text);
  return certificateOf({ ...homelab, server: { ...homelab.server, sslmode: "verify-full", caFile } });
}

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

test("a certificate is read as it is", () => {
  expect(certificateIn(certificate)).toBe(certificate);
  expect(certificateOf(homelab)).toBeUndefined();
});

test.each([
  ["no file", undefined, "cannot be read"],
  ["a file without a certificate", "hello", "holds no certificate"],
  // It would be in every job.
  ["a private key", `${certificate}-----BEGIN EC PRIVATE KEY-----\n`, "holds a private key"],
])("%s is refused", (_what, text, message) => {
  expect(() => certificateIn(text)).toThrow(new RegExp(`server\\.caFile: .*${message}`));
});
