import { createServer } from "node:http";
import type { Database } from "./database";
import { broken, unhealthy } from "./faults";

export interface Sample {
  readonly database: Database;
  readonly port: number;
  /** The program's own sign of health: this path answers 200. */
  readonly health: string;
  /** Answers by `GET /path` or `POST /path`; what they return is sent as JSON. An error is a 503 that says what it was. */
  readonly routes: Readonly<Record<string, () => Promise<unknown>>>;
}

/** Serves on 127.0.0.1 until it is told to end. */
export function serve({ database, port, health, routes }: Sample): void {
  const server = createServer((request, response) => {
    void (async () => {
      const path = (request.url ?? "/").split("?")[0]!;
      const route = routes[`${request.method} ${path}`];
      const send = (status: number, body: unknown) => {
        response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(body)}\n`);
      };
      if (!route) return send(404, { error: `no ${request.method} ${path}` });
      if ((path === health && unhealthy(database)) || broken(request.method, database))
        return send(503, { error: "unwell, as the lab asked for" });
      try {
        send(request.method === "POST" ? 201 : 200, await route());
      } catch (error) {
        send(503, { error: error instanceof Error ? error.message : String(error) });
      }
    })();
  });
  server.on("error", (error) => fail(error.message));
  server.listen(port, "127.0.0.1", () =>
    console.log(`listening on 127.0.0.1:${port}, on ${database.backend}`),
  );
}

/**
 * Ends at once on the signals Nomad and a person send. As the first process of a container there is no default for them: without this
 * they would be ignored. Nothing is closed: SQLite's log stays unmerged, as after a crash.
 */
export function endOnSignal(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
}

/** Ends the program with a line for its log. */
export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** A variable that has to be there. */
export function required(name: string): string {
  return process.env[name] || fail(`${name} is not set`);
}
