/** Certificates of an authority of the lab's own, made by openssl: as a cluster's are, and valid for a week. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Paths of PEM files. */
export interface Signed {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  /**
   * A certificate for servers and for clients.
   * @param names of servers, besides `localhost` and `127.0.0.1`
   */
  sign(name: string, names?: readonly string[]): Promise<Signed>;
}

const days = ["-days", "7"];
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes an authority whose files are in the folder; the keys are readable by their owner only. */
export async function makeAuthority(folder: string): Promise<Authority> {
  await fs.mkdir(folder, { recursive: true });
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => run("openssl", args, { cwd: folder });
  const [ca, caKey] = [file("ca.pem"), file("ca-key.pem")];
  await openssl(
    ...["req", "-x509", ...newKey, "-keyout", caKey, "-out", ca, ...days, "-subj", "/CN=lab authority"],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  );
  await fs.chmod(caKey, 0o600);
  return {
    ca,
    sign: async (name, names = []) => {
      const [cert, key, request, extensions] = ["pem", "key.pem", "csr", "ext"].map((end) =>
        file(`${name}.${end}`),
      ) as [string, string, string, string];
      const alternatives = ["DNS:localhost", "IP:127.0.0.1", ...names.map((one) => `DNS:${one}`)];
      await fs.writeFile(
        extensions,
        `subjectAltName=${alternatives.join(",")}\nextendedKeyUsage=serverAuth,clientAuth\n`,
      );
      await openssl("req", "-new", ...newKey, "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
      await openssl(
        ...["x509", "-req", "-in", request, "-CA", ca, "-CAkey", caKey, "-CAcreateserial", ...days],
        ...["-extfile", extensions, "-out", cert],
      );
      await fs.chmod(key, 0o600);
      return { cert, key };
    },
  };
}
