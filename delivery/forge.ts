/** The pull requests of GitHub or Gitea: both have the same calls for comments, under the address that Actions tells. */
import { z } from "zod";
import { UserError } from "../environments/model/problems";

const comments = z.array(
  z.object({ id: z.number(), body: z.string(), user: z.object({ login: z.string() }) }),
);
export type Comment = z.infer<typeof comments>[number];
const pulls = z.array(
  z.object({
    number: z.number(),
    merged_at: z.string().nullish(),
    head: z.object({ sha: z.string() }),
  }),
);
export type Pull = z.infer<typeof pulls>[number];

const perPage = 100;

export class Forge {
  private constructor(
    private readonly api: string,
    private readonly repository: string,
    private readonly token: string,
  ) {}

  /** @throws {UserError} outside of Actions, or without a token */
  static fromActions(env: NodeJS.ProcessEnv = process.env): Forge {
    const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = env;
    if (!api || !repository || !token)
      throw new UserError(
        "GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN must be set. Actions sets the first two. Add the third to the step: env: GITHUB_TOKEN: ${{ github.token }}",
      );
    return new Forge(api, repository, token);
  }

  /** Writes a comment, or over the one that has the marker already. */
  async comment(pull: number, marker: string, body: string): Promise<void> {
    const before = await this.find(pull, marker);
    if (before === undefined) await this.call("POST", `issues/${pull}/comments`, { body });
    else await this.call("PATCH", `issues/comments/${before.id}`, { body });
  }

  /** The comment with a marker, by whoever wrote the first of them. */
  async find(pull: number, marker: string): Promise<Comment | undefined> {
    for (let page = 1, last = 0; ; page++) {
      const answer = comments.parse(
        await this.call("GET", `issues/${pull}/comments?per_page=${perPage}&page=${page}`),
      );
      const found = answer.find(({ body, user }) => body.startsWith(marker) && isBot(user.login));
      // Gitea gives all of them at once, for every page.
      const newest = answer.at(-1)?.id ?? 0;
      if (found !== undefined || answer.length < perPage || newest === last) return found;
      last = newest;
    }
  }

  /** The pull request that was merged as this commit. */
  async pullOf(commit: string): Promise<Pull | undefined> {
    const found = await this.call("GET", `commits/${commit}/pulls`).catch(() =>
      this.call("GET", `commits/${commit}/pull`),
    );
    return pulls.parse([found].flat()).find(({ merged_at }) => merged_at != null);
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.api}/repos/${this.repository}/${path}`, {
      method,
      headers: {
        Authorization: `token ${this.token}`,
        "Content-Type": "application/json",
        Accept: "application/json",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok)
      throw new UserError(
        `${this.api} answers ${method} ${path.replace(/\?.*/, "")} with HTTP ${answer.status}.`,
      );
    return answer.json();
  }
}

/** Those that Actions writes as: a comment of anybody else is not our word. */
function isBot(login: string): boolean {
  return ["github-actions[bot]", "gitea-actions", "forgejo-actions"].includes(login);
}
