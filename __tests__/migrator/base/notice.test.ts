/** Notices, as a webhook gets them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import * as path from "node:path";
import { sendNotice, type Notice } from "../../../migrator/base/notice";
import { jsonLine } from "../../../migrator/base/task-log";

interface Received {
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

let received: Received[];
let status: number;
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part: Buffer) => (body += part.toString("utf8")));
  request.on("end", () => {
    received.push({ url: request.url!, headers: request.headers, body });
    response.statusCode = status;
    response.setHeader("Location", "http://127.0.0.1:1/elsewhere");
    response.end();
  });
});
let host: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as { port: number }).port}`;
});
beforeEach(() => {
  received = [];
  status = 200;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const notice: Notice = {
  title: "pgmoor: backup of pgmoor-backup failed",
  message: "No space left on “/work”\nsecond line",
  command: "backup",
  job: "pgmoor-backup",
};
const send = (format: string, url = `http://${host}/topic?auth=geheim`) =>
  sendNotice(notice, { PGMOOR_NOTICE_URL: url, PGMOOR_NOTICE_FORMAT: format });

test("ntfy: the message as text, the title as a header", async () => {
  expect(await send("ntfy")).toBeUndefined();
  expect(received).toMatchObject([
    {
      url: "/topic?auth=geheim",
      body: notice.message,
      headers: { title: notice.title, priority: "high" },
    },
  ]);
});

test("Gotify: JSON with title, message and priority", async () => {
  expect(await send("gotify")).toBeUndefined();
  expect(JSON.parse(received[0]!.body)).toEqual({
    title: notice.title,
    message: notice.message,
    priority: 8,
  });
});

test("Alertmanager: a list of one alert", async () => {
  expect(await send("alertmanager")).toBeUndefined();
  expect(JSON.parse(received[0]!.body)).toEqual([
    {
      labels: { alertname: "PgmoorTaskFailed", severity: "warning", command: "backup", job: "pgmoor-backup" },
      annotations: { summary: notice.title, description: notice.message },
    },
  ]);
});

test("a login in the address goes into a header", async () => {
  expect(await send("ntfy", `http://me:p%40ss@${host}/topic`)).toBeUndefined();
  expect(received[0]!.headers.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
});

test("nothing is sent where the environment has no notices", async () => {
  expect(await sendNotice(notice, {})).toBeUndefined();
  expect(received).toEqual([]);
});

test("what goes wrong is said without the address", async () => {
  status = 403;
  expect(await send("ntfy")).toBe("the webhook answers HTTP 403");
  status = 302;
  expect(await send("ntfy")).not.toContain("geheim");
  const closed = http.createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  expect(await send("ntfy", `http://127.0.0.1:${port}/geheim`)).toBe(
    "the webhook cannot be reached (ECONNREFUSED)",
  );
  expect(await send("ntfy", "not an address: geheim")).toBe(
    "the field url of the notices' secret is not an address",
  );
  expect(await send("telegram")).toMatch(/^PGMOOR_NOTICE_FORMAT must be one of ntfy, alertmanager, gotify/);
});

describe("the migrator's program", () => {
  /** Ends as a task would that cannot read what it is told. */
  const run = async (command: string) => {
    const program = path.resolve(__dirname, "../../../migrator/job/main.ts");
    const child = spawn(process.execPath, ["-r", "tsx/cjs", program, command, "--config", "/missing.json"], {
      env: {
        PATH: process.env.PATH,
        PGMOOR_LOG_FORMAT: "json",
        PGMOOR_NOTICE_URL: `http://${host}/topic?auth=geheim`,
        PGMOOR_NOTICE_FORMAT: "ntfy",
        NOMAD_JOB_NAME: "gitea",
        NOMAD_ALLOC_DIR: "/alloc",
        NOMAD_SECRETS_DIR: "/secrets",
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const [code] = (await once(child, "close")) as [number];
    return { code, said };
  };

  test.each(["migrate", "backup"])(
    "tells the webhook that %s failed, and ends as it would have",
    async (command) => {
      const { code, said } = await run(command);
      expect(code).toBe(2);
      expect(received.map(({ headers }) => headers.title)).toEqual([`pgmoor: ${command} of gitea refused`]);
      expect(received[0]!.body).toContain("--config /missing.json: cannot be read");
      const [json, text] = said.trimEnd().split("\n");
      expect(JSON.parse(json!)).toMatchObject({ level: "error", event: "refused", job: "gitea" });
      expect(text).toMatch(/^pgmoor: refused, nothing changed: /);
      expect(said).not.toContain("geheim");
    },
    20_000,
  );

  test("says that a notice was not sent, and ends as it would have", async () => {
    status = 500;
    const { code, said } = await run("migrate");
    expect(code).toBe(2);
    expect(said).toContain("pgmoor: the notice was not sent: the webhook answers HTTP 500");
  }, 20_000);

  test("tells nobody of the task that looks for ever", async () => {
    expect((await run("facts")).code).toBe(2);
    expect(received).toEqual([]);
  }, 20_000);
});

test("a line of JSON, only if it is asked for", () => {
  const event = {
    level: "error",
    event: "failed",
    message: 'a "quoted"\nmessage',
    left: "nothing changed",
  } as const;
  expect(jsonLine(event, {})).toBe("");
  const env = {
    PGMOOR_LOG_FORMAT: "json",
    NOMAD_JOB_NAME: "gitea",
    NOMAD_TASK_NAME: "migrate",
    NOMAD_ALLOC_ID: "1",
  };
  const line = jsonLine(event, env, new Date(0));
  expect(line.trimEnd()).not.toContain("\n");
  expect(JSON.parse(line)).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    job: "gitea",
    task: "migrate",
    allocation: "1",
    ...event,
  });
});
