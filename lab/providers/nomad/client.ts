import { call, type Answer, type Api, type Call } from "../http";
import { Fault } from "../protocol/fault";

/** Made on first use, for all that use it. */
export type NomadOf = () => Nomad;

/** A Nomad agent, asked about one region. */
export class Nomad {
  constructor(
    readonly api: Api,
    /** @default the agent's own */
    private readonly region?: string,
  ) {}

  /** Undefined where there is nothing. */
  async get(path: string, request: Call = {}): Promise<Answer | undefined> {
    const answer = await this.ask("GET", path, request);
    if (answer.status === 404) return undefined;
    return this.accepted(`read ${path}`, answer);
  }

  async put(path: string, request: Call): Promise<Answer> {
    return this.accepted(`write ${path}`, await this.ask("PUT", path, request));
  }

  async delete(path: string, request: Call): Promise<void> {
    const answer = await this.ask("DELETE", path, request);
    if (answer.status !== 404) this.accepted(`delete ${path}`, answer);
  }

  private ask(method: string, path: string, request: Call): Promise<Answer> {
    return call(this.api, method, path, { ...request, query: { region: this.region, ...request.query } });
  }

  private accepted(what: string, answer: Answer): Answer {
    if (answer.status < 300) return answer;
    const words = typeof answer.body === "string" ? answer.body.trim() : JSON.stringify(answer.body);
    if (answer.status === 403) {
      throw new Fault(
        `Nomad at ${this.api.address}: permission denied: this token may not ${what}`,
        `It says: ${words}. Check that NOMAD_TOKEN holds a token that is valid, with a policy for this.`,
      );
    }
    throw new Fault(`Nomad at ${this.api.address} refuses to ${what} (${answer.status})`, words);
  }
}
