/**
 * Nomad's API, as a task reaches it: by a socket that Nomad puts beside the task's secrets, with the task's own identity.
 * Source: https://developer.hashicorp.com/nomad/api-docs/task-api
 */
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

const patienceMilliseconds = 10_000;

/** Another answer than 200. */
export class NomadSaysNo extends Error {
  constructor(
    readonly status: number | undefined,
    url: string,
  ) {
    super(`HTTP ${status} at ${url}`);
  }
}

/**
 * @param secrets the task's `NOMAD_SECRETS_DIR`
 * @throws NomadSaysNo, or what the socket says
 */
export function askNomad(secrets: string, url: string): Promise<string> {
  const token = fs.readFileSync(path.join(secrets, "nomad_token"), "utf8");
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        socketPath: path.join(secrets, "api.sock"),
        path: url,
        headers: { Authorization: `Bearer ${token}` },
        timeout: patienceMilliseconds,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) return reject(new NomadSaysNo(response.statusCode, url));
          resolve(text);
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${patienceMilliseconds} ms`)));
    request.on("error", reject);
  });
}
