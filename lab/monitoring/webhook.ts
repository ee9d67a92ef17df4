/** A webhook such as ntfy's, on 127.0.0.1 only: it keeps what it gets. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { expectThat } from "../story/expectations";
import { freePorts } from "../servers/wait";

export class Webhook {
  /** Part of its address, and as secret as it. */
  readonly token = randomBytes(16).toString("hex");
  /** Title and text of each notice. */
  readonly bodies: string[] = [];

  private constructor(private readonly port: number) {}

  static async start(): Promise<Webhook> {
    const [port] = (await freePorts(1)) as [number];
    const webhook = new Webhook(port);
    const server = createServer((request, response) => {
      void webhook.keep(request).then((status) => response.writeHead(status).end());
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    // It ends with the program.
    server.unref();
    return webhook;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/homelab?auth=${this.token}`;
  }

  private async keep(request: IncomingMessage): Promise<number> {
    if (!request.url!.endsWith(`auth=${this.token}`)) return 403;
    let text = "";
    for await (const part of request) text += String(part);
    this.bodies.push(`${String(request.headers.title)}\n${text}`);
    return 200;
  }

  /** @returns how many there were: at least one of each of these commands */
  told(...commands: readonly string[]): number {
    for (const command of commands)
      expectThat(
        this.bodies.some((body) => body.startsWith(`pgmoor: ${command} of `)),
        `there should be a notice of a failed ${command}`,
        this.bodies.join("\n"),
      );
    return this.bodies.length;
  }
}
