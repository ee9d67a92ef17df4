import { Forge } from "../../delivery/forge";
import { ApiServer, type ApiRequest } from "../lab/providers/support/api-server";

const marker = "<!-- pgmoor review -->";

interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string };
}

/** A forge with one pull request. GitHub tells comments by pages, Gitea all of them at once for every page. */
class FakeForge {
  readonly comments: Comment[] = [];
  constructor(private readonly kind: "github" | "gitea") {}
  readonly server = new ApiServer((request) => this.respond(request));

  private respond({ method, path, query, body, headers }: ApiRequest) {
    if (headers.authorization !== "token t0ken") return { status: 401 };
    const [, id] = /^\/repos\/me\/homelab\/issues\/comments\/(\d+)$/.exec(path) ?? [];
    if (id !== undefined && method === "PATCH") {
      const comment = this.comments.find((one) => one.id === Number(id))!;
      comment.body = (body as Comment).body;
      return { body: comment };
    }
    if (path === "/repos/me/homelab/issues/7/comments") {
      if (method === "POST") {
        this.say((body as Comment).body, this.kind === "github" ? "github-actions[bot]" : "gitea-actions");
        return { status: 201, body: this.comments.at(-1) };
      }
      if (this.kind === "gitea") return { body: this.comments };
      const [page, size] = [Number(query.get("page")), Number(query.get("per_page"))];
      return { body: this.comments.slice((page - 1) * size, page * size) };
    }
    const pull = { number: 7, merged_at: "2026-01-01T00:00:00Z", head: { sha: "head" } };
    if (path === "/repos/me/homelab/commits/merged/pulls" && this.kind === "github") return { body: [pull] };
    if (path === "/repos/me/homelab/commits/merged/pull" && this.kind === "gitea") return { body: pull };
    return { status: 404 };
  }

  say(body: string, login: string): void {
    this.comments.push({ id: this.comments.length + 1, body, user: { login } });
  }
}

describe.each(["github", "gitea"] as const)("on %s", (kind) => {
  let fake: FakeForge;
  let forge: Forge;
  beforeEach(async () => {
    fake = new FakeForge(kind);
    await fake.server.start();
    forge = Forge.fromActions({
      GITHUB_API_URL: fake.server.address,
      GITHUB_REPOSITORY: "me/homelab",
      GITHUB_TOKEN: "t0ken",
    });
  });
  afterEach(() => fake.server.stop());

  test("there is one comment, updated in place, however many others there are", async () => {
    for (let index = 0; index < 230; index++) fake.say("hello", "somebody");
    await forge.comment(7, marker, `${marker}\nfirst`);
    await forge.comment(7, marker, `${marker}\nsecond`);
    const ours = fake.comments.filter(({ body }) => body.startsWith(marker));
    expect(ours.map(({ body }) => body)).toEqual([`${marker}\nsecond`]);
  });

  test("somebody else's comment is not taken for ours", async () => {
    fake.say(`${marker}\nall is well`, "mallory");
    expect(await forge.find(7, marker)).toBeUndefined();
    await forge.comment(7, marker, `${marker}\nours`);
    expect(fake.comments.map(({ body }) => body)).toEqual([`${marker}\nall is well`, `${marker}\nours`]);
  });

  test("a merged commit leads to its pull request", async () => {
    expect(await forge.pullOf("merged")).toMatchObject({ number: 7, head: { sha: "head" } });
  });
});

test("outside of Actions it says what is missing", () => {
  expect(() => Forge.fromActions({})).toThrow(/GITHUB_TOKEN/);
});
