/** Pull requests without a forge: a bare repository, the workflows' scripts in their order, comments as files. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { labFactsFile, labVariable, runner, type LabFacts } from "../../environments/lab";
import type { Outcome } from "../deployment";
import { call } from "../servers/api";
import { readSecret, type Stage } from "./context";
import { tail, expectThat } from "./expectations";
import { ForgeIdentity } from "./forge-identity";
import { filesBelow, findSecrets } from "./leaks";
import { ask, waitForAnswer } from "./services";

const run = promisify(execFile);

interface Reviewed {
  readonly outcome: Outcome;
  /** What the comment says. */
  readonly comment: string;
  readonly commit: string;
}

/** The repository of somebody's environment, and its pull requests. */
class Repository {
  private pulls = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly folder: string,
    private readonly identity: ForgeIdentity,
  ) {}

  static async make(stage: Stage): Promise<Repository> {
    const folder = path.join(stage.lab.directory, "pull-requests");
    const repository = new Repository(stage, folder, await ForgeIdentity.trusted(stage));
    const bare = path.join(repository.folder, "forge.git");
    await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
    await run("git", ["clone", "--quiet", bare, repository.work]);
    const facts = await fs.readFile(path.join(stage.lab.directory, labFactsFile), "utf8");
    // Several people and a runner: the states are shared.
    const shared: LabFacts = { ...(JSON.parse(facts) as LabFacts), states: "consul", services: [] };
    await repository.commit("main", "What there is", () => shared);
    await repository.deployRunner();
    return repository;
  }

  /** The runner's policies and roles, deployed by a person once. */
  private async deployRunner(): Promise<void> {
    const output = path.join(this.folder, "runner");
    const deployed = await this.script(
      this.work,
      "deploy-runner",
      `node_modules/.bin/cdktf deploy runner --auto-approve --skip-provider-lock --output ${output}`,
    );
    expectThat(deployed.succeeded, "the runner's roles should have been deployed", tail(deployed));
  }

  /** The step `login` of a workflow; what it leaves for the steps after it. */
  private async login(
    folder: string,
    role: "plan" | "deploy",
    claims: Readonly<Record<string, string>>,
  ): Promise<Outcome & { readonly env: Record<string, string> }> {
    const [identity, variables] = ["identity.jwt", "github.env"].map((name) => path.join(folder, name)) as [
      string,
      string,
    ];
    await this.identity.write(identity, claims);
    const outcome = await this.script(folder, `login-${role}`, `npm run -s pgmoor -- login --role ${role}`, {
      PGMOOR_IDENTITY_FILE: identity,
      GITHUB_ENV: variables,
      // The runner has none of its own.
      VAULT_TOKEN: "",
    });
    const text = await fs.readFile(variables, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    return { ...outcome, env: Object.fromEntries(lines.map((line) => line.split("=") as [string, string])) };
  }

  private get work(): string {
    return path.join(this.folder, "work");
  }

  private git(...args: string[]): Promise<{ stdout: string }> {
    const author = ["-c", "user.name=lab", "-c", "user.email=lab@localhost"];
    return run("git", ["-C", this.work, ...author, ...args]);
  }

  private async commit(branch: string, title: string, edit: (facts: LabFacts) => LabFacts): Promise<string> {
    const file = path.join(this.work, labFactsFile);
    const before = await fs.readFile(file, "utf8").then(
      (text) => JSON.parse(text) as LabFacts,
      () => ({}) as LabFacts,
    );
    await this.git("checkout", "--quiet", "-B", branch);
    await fs.writeFile(file, JSON.stringify(edit(before), undefined, 2));
    await this.git("add", labFactsFile);
    await this.git("commit", "--quiet", "--message", title);
    await this.git("push", "--quiet", "origin", branch);
    return (await this.git("rev-parse", "HEAD")).stdout.trim();
  }

  /** Opens a pull request: `.github/workflows/plan.yml`, on a fresh clone of its branch. */
  async open(title: string, description: string, edit: (facts: LabFacts) => LabFacts): Promise<Reviewed> {
    const pull = ++this.pulls;
    await this.git("checkout", "--quiet", "main");
    const commit = await this.commit(`pull-${pull}`, title, edit);
    const folder = await this.checkout(`plan-${pull}`, `pull-${pull}`);
    await fs.writeFile(path.join(folder, "description.md"), description);
    const login = await this.login(folder, "plan", runner.plan);
    expectThat(login.succeeded, "a job of a pull request should get a token to plan", tail(login));
    const planned = await this.script(
      folder,
      "plan",
      `npm run -s pgmoor -- plan --out ${folder}/plans`,
      login.env,
    );
    expectThat(planned.succeeded, `pull request ${pull} should have been planned`, tail(planned));
    const comment = path.join(this.folder, `comment-${pull}.md`);
    const outcome = await this.script(
      folder,
      "review",
      `npm run -s pgmoor -- review ${folder}/plans/*/plan.json --fail-on data-loss,security --allow ${folder}/description.md --format markdown --commit ${commit} > ${comment}`,
    );
    await this.git("checkout", "--quiet", "main");
    return { outcome, comment, commit };
  }

  /** Merges the pull request: `.github/workflows/deploy.yml`, on a fresh clone of the main branch. */
  async merge({ comment, commit }: Reviewed): Promise<Outcome & { readonly report: string }> {
    const pull = this.pulls;
    await this.git("merge", "--quiet", "--no-ff", "--message", `Merge pull request ${pull}`, commit);
    await this.git("push", "--quiet", "origin", "main");
    const folder = await this.checkout(`deploy-${pull}`, "main");
    const stranger = await this.login(folder, "deploy", runner.plan);
    expectThat(
      !stranger.succeeded && stranger.output.includes("runner-pgmoor-deploy"),
      "a job of a pull request should get no token to deploy",
      tail(stranger),
    );
    const login = await this.login(folder, "deploy", runner.deploy);
    expectThat(login.succeeded, "a job of the main branch should get a token to deploy", tail(login));
    const report = path.join(this.folder, `deploy-${pull}.md`);
    const outcome = await this.script(
      folder,
      "deploy",
      `npm run -s pgmoor -- check-states && npm run -s pgmoor -- deploy --reviewed ${comment} --commit ${commit} --out ${folder}/plans --report ${report}`,
      login.env,
    );
    return { ...outcome, report: await fs.readFile(report, "utf8").catch(() => "") };
  }

  private async checkout(name: string, branch: string): Promise<string> {
    const folder = path.join(this.folder, name);
    await run("git", ["clone", "--quiet", "--branch", branch, path.join(this.folder, "forge.git"), folder]);
    return folder;
  }

  /** A step of a workflow. */
  private script(
    folder: string,
    name: string,
    command: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    const { deployment, lab } = this.stage;
    return deployment.script(name, command, {
      [labVariable]: folder,
      CDKTF_OUTDIR: path.join(folder, "cdktf.out"),
      CONSUL_HTTP_ADDR: lab.consul.address,
      ...env,
    });
  }
}

function edited(
  facts: LabFacts,
  names: readonly string[],
  change: Partial<LabFacts["services"][number]>,
): LabFacts {
  const services = facts.services.map((service) =>
    names.includes(service.name) ? { ...service, ...change } : service,
  );
  return { ...facts, services };
}

async function commentOf({ comment }: Reviewed): Promise<string> {
  return fs.readFile(comment, "utf8");
}

/** The way of a change from a branch to the cluster, and the ways in which it is stopped. */
export async function reviewAndDeploy(stage: Stage): Promise<void> {
  const { moving, spoilt, say } = stage;
  const repository = await Repository.make(stage);
  const says = async (reviewed: Reviewed, verdict: "passes" | "fails", ...words: string[]): Promise<void> => {
    const comment = await commentOf(reviewed);
    const what = `the comment should say that it ${verdict}`;
    expectThat(reviewed.outcome.succeeded === (verdict === "passes"), what, tail(reviewed.outcome));
    for (const word of words)
      expectThat(comment.includes(word), `${what}, and "${word}"`, comment.slice(0, 2000));
    say(comment.split("\n")[3]!.replaceAll("**", ""));
  };

  const everything = (facts: LabFacts) => ({ ...facts, services: [...moving, spoilt] });
  const careless = await repository.open("Everything under pgmoor", "", everything);
  const allowed = wordsToAllow(await commentOf(careless));
  await says(careless, "fails", "Env\\[DATA\\_FOLDER\\]: the running job has it");
  const prepare = await repository.open("Everything under pgmoor", allowed.join("\n"), everything);
  await says(prepare, "passes", "gets its own database");
  const prepared = await repository.merge(prepare);
  expectThat(
    prepared.succeeded && prepared.report.includes("Deployed."),
    "the merge should have been deployed",
    tail(prepared),
  );

  const names = moving.map(({ name }) => name);
  const move = await repository.open("They move", "", (facts) => edited(facts, names, { phase: "cutover" }));
  await says(move, "passes", "moves from SQLite to PostgreSQL: down for", "snapshot to snapshots/");
  const moved = await repository.merge(move);
  expectThat(moved.succeeded, "the services should have moved", tail(moved));
  for (const service of moving) {
    const { items } = await waitForAnswer(service, "server", 5);
    say(`${service.name}: ${items} items on PostgreSQL`);
  }

  const removal = await repository.open("Who needs it", "", (facts) => ({
    ...facts,
    services: facts.services.filter(({ name }) => name !== spoilt.name),
  }));
  await says(removal, "fails", "is no longer in the environment", `pgmoor: allow remove ${spoilt.name}`);
  expectThat((await ask(spoilt)).from === "source", `${spoilt.name} should run on`);

  const [first] = moving;
  const back = await repository.open("One goes back", "", (facts) =>
    edited(facts, [first!.name], { phase: "prepared", rollback: "copy-back" }),
  );
  await says(back, "passes", "goes back to SQLite", "is copied back first");
  // Between the review and the merge somebody widens what the job may read.
  await widenPolicy(stage, first!.name);
  const refused = await repository.merge(back);
  expectThat(
    !refused.succeeded && refused.report.includes("refused") && refused.report.includes("drift"),
    "the deploy should have been refused: it is worse than what was reviewed",
    tail(refused),
  );
  expectThat((await ask(first!)).from === "server", `${first!.name} should be where it was`);
  say(
    `refused: ${refused.report
      .split("\n")
      .find((line) => line.includes("⛔ refused"))!
      .replaceAll("|", "")
      .trim()}`,
  );
  await searchComments(stage);
}

/** What a comment says to write into the description, line by line. */
function wordsToAllow(comment: string): string[] {
  return [...comment.matchAll(/To allow it: `(pgmoor: allow [^`]+)`/g)].map(([, words]) => words!);
}

async function widenPolicy({ lab }: Stage, service: string): Promise<void> {
  await call(`${lab.vault.address}/v1/sys/policies/acl/pgmoor-${service}`, {
    method: "PUT",
    headers: { "X-Vault-Token": lab.vault.token },
    body: { policy: 'path "secret/data/postgres/*" {\n  capabilities = ["read"]\n}\n' },
  });
}

/** No password in anything that the pull requests left behind: comments, reports, plans, clones. */
async function searchComments({ lab, moving, say }: Stage): Promise<void> {
  const secrets: Record<string, string> = { admin: (await readSecret(lab, "postgres/admin")).password! };
  for (const { name } of moving) {
    const secret = `postgres/${name.replaceAll("-", "_")}`;
    secrets[secret] = (await readSecret(lab, secret)).password!;
  }
  const files = filesBelow(path.join(lab.directory, "pull-requests"), new Set());
  const { findings, searched } = await findSecrets(files, secrets);
  expectThat(
    findings.length === 0,
    "no file should hold a password",
    findings.map(({ where }) => where).join("\n"),
  );
  say(`${Object.keys(secrets).length} passwords in none of ${searched} files of the pull requests`);
}
