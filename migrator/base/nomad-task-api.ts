/**
 * Nomad's API, as a task reaches it: by a socket that Nomad puts beside the task's secrets, with the task's own identity.
 * Source: https://developer.hashicorp.com/nomad/api-docs/task-api
 */
import * as fs from "node:fs";
import * as http from "node:http";
import { join } from "node:path";
import type { z } from "zod";

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
 * @param path below `/v1/`, without a query
 * @throws NomadSaysNo, what the socket says, or what the schema does
 */
export async function askNomad<S extends z.ZodType>(
  secrets: string,
  namespace: string,
  path: string,
  schema: S,
): Promise<z.output<S>> {
  const url = `/v1/${path}?namespace=${encodeURIComponent(namespace)}`;
  return schema.parse(JSON.parse(await textAt(secrets, url)));
}

function textAt(secrets: string, url: string): Promise<string> {
  const token = fs.readFileSync(join(secrets, "nomad_token"), "utf8");
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        socketPath: join(secrets, "api.sock"),
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
