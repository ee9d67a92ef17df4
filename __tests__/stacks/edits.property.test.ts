/** Whatever somebody does to a service's line, in whatever order: no plan destroys its secret, role, database or job. */
import fc from "fast-check";
import type { EnvironmentService, Existing, Phase } from "../../environments/model/environment";
import { validate } from "../../environments/model/validate";
import { confirmedTable, ledgerSchema, rollbackKinds, type RollbackKind } from "../../services/ledger";
import { gitea } from "../../services/gitea";
import { vaultwarden } from "../../services/vaultwarden";
import { ask, Stage } from "../review/stage";

const thorough = process.env.PGMOOR_THOROUGH !== undefined;
const [sequences, length] = thorough ? [200, 10] : [2, 5];
const exactly = { minLength: length, maxLength: length };
jest.setTimeout((thorough ? 7_200 : 120) * 1_000);

/** One change of the line, deployed. */
interface Edit {
  readonly what:
    | { readonly kind: "phase"; readonly phase: Phase; readonly rollback: RollbackKind | undefined }
    | { readonly kind: "adopt"; readonly words: readonly Existing[] }
    | { readonly kind: "rotate" | "revert" | "rename" | "rename database" | "remove" };
  /** Whether anybody looks before the plan. */
  readonly looks: boolean;
  /** Whether the job's deployment fails. */
  readonly fails: boolean;
}

const words = fc.subarray<Existing>(["job", "secret", "database"]);
const kinds = fc.constantFrom("rotate", "revert", "rename", "rename database", "remove" as const);
const edit: fc.Arbitrary<Edit> = fc.record({
  what: fc.oneof(
    fc.record({
      kind: fc.constant("phase" as const),
      phase: fc.constantFrom<Phase>("prepared", "cutover", "settled", "retired"),
      // Where it does not belong, the environment is refused.
      rollback: fc.option(fc.constantFrom(...rollbackKinds), { nil: undefined, freq: 2 }),
    }),
    fc.record({ kind: fc.constant("adopt" as const), words }),
    kinds.map((kind) => ({ kind })),
  ),
  looks: fc.boolean(),
  fails: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
});

let stage: Stage;
let names = 0;
const newName = () => `e${process.pid}x${++names}`;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

/** What a run of edits is about: one service, its line, and the lines before. */
class Story {
  line: EnvironmentService | undefined;
  /** Every name that its database has had. */
  readonly databases = new Set<string>();
  private readonly before: (EnvironmentService | undefined)[] = [];
  private serviceName = newName();
  private readonly databaseName = this.serviceName;

  /** The first line. The service may have been there before, with all it has. */
  async begin(byHand: boolean): Promise<void> {
    if (byHand) {
      await stage.makeByHand(this.databaseName, 10);
      stage.registerByHand(this.serviceName);
    }
    const definition = { ...(byHand ? gitea : vaultwarden), name: this.serviceName };
    const line = this.inDatabase({ definition, phase: "prepared" }, this.databaseName);
    this.set(byHand ? { ...line, existing: ["job", "secret", "database"] } : line);
  }

  /** Without a line, the one before is written again. */
  edit({ what }: Edit): void {
    const line = this.line ?? this.before.findLast((one) => one !== undefined)!;
    if (this.line === undefined) return this.set(line);
    switch (what.kind) {
      case "phase":
        return this.set({
          ...line,
          phase: what.phase,
          rollback: what.rollback,
        });
      case "adopt":
        return this.set({ ...line, existing: what.words });
      case "rotate":
        return this.set({ ...line, passwordVersion: (line.passwordVersion ?? 1) + 1 });
      case "revert":
        this.line = this.before.pop();
        return;
      case "rename":
        this.serviceName = newName();
        return this.set({ ...line, definition: { ...line.definition, name: this.serviceName } });
      case "rename database":
        return this.set(this.inDatabase(line, newName()));
      case "remove":
        return this.set(undefined);
    }
  }

  private set(line: EnvironmentService | undefined): void {
    this.before.push(this.line);
    this.line = line;
  }

  private inDatabase(line: EnvironmentService, name: string): EnvironmentService {
    this.databases.add(name);
    return { ...line, definition: { ...line.definition, database: { connectionLimit: 10, name } } };
  }
}

/** What the migrator leaves in the database when a move has gone through. */
async function confirmMove({ definition }: EnvironmentService): Promise<void> {
  const { name } = definition.database;
  if ((await ask("SELECT FROM pg_database WHERE datname = $1", { values: [name] })).length === 0) return;
  await ask(`CREATE SCHEMA IF NOT EXISTS ${ledgerSchema}`, { database: name });
  await ask(`CREATE TABLE IF NOT EXISTS ${ledgerSchema}.${confirmedTable} ()`, { database: name });
}

/** The databases of a story, and whether the password in Vault opens their role. */
async function logins({ databases }: Story): Promise<Map<string, boolean>> {
  const all = await ask<{ name: string }>(
    "SELECT datname AS name FROM pg_database WHERE datname = ANY ($1)",
    {
      values: [[...databases]],
    },
  );
  const tried = all.map(async ({ name }): Promise<[string, boolean]> => {
    const { password } = stage.vault.secret(`postgres/${name}`) as { password?: string };
    const opens = await ask("SELECT", { user: name, database: name, password: password ?? "" }).then(
      () => true,
      () => false,
    );
    return [name, opens];
  });
  return new Map(await Promise.all(tried));
}

interface Message {
  readonly type: string;
  readonly change?: {
    readonly action: string;
    readonly resource: { readonly addr: string; readonly resource_type: string };
  };
}

/**
 * What an apply did to what must stay. A job may be registered again: Terraform never stops it. A plan that nothing was
 * applied of is no harm: Terraform prints it before it says that prevent_destroy forbids it.
 */
function ends(output: string): string[] {
  const kept = ["vault_kv_secret_v2", "postgresql_role", "postgresql_database"];
  const messages = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Message);
  const planned = messages.findIndex(({ type }) => type === "change_summary");
  if (!messages.slice(planned + 1).some(({ type }) => type === "apply_start")) return [];
  return messages.flatMap(({ type, change }) => {
    if (type !== "planned_change" || change === undefined) return [];
    const { action, resource } = change;
    const destroys = ["delete", "replace"].includes(action) && kept.includes(resource.resource_type);
    return destroys || (action === "delete" && resource.resource_type === "nomad_job")
      ? [`${action} ${resource.addr}`]
      : [];
  });
}

const outcomes: Record<string, number> = {};

function count(outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

async function deploy(line: EnvironmentService, { looks, fails }: Edit): Promise<void> {
  try {
    validate(stage.environment(line));
  } catch {
    count("refused");
    return;
  }
  // Vault refuses to write over a secret for a first version only: see docs/lost-state.md.
  const seen = looks || (line.passwordVersion ?? 1) > 1 ? await stage.survey(line) : undefined;
  await stage.write(line, fails && line.phase !== "retired" ? stage.failing : undefined, seen);
  const { code, text } = await stage.run("apply", "-auto-approve", "-input=false", "-json");
  expect(ends(text)).toEqual([]);
  const [, error = "?"] = /"@message":"Error: ([^"]*)"/.exec(text) ?? [];
  count(
    code === 0
      ? "applied"
      : seen?.stops.size
        ? "stopped"
        : `failed: ${error.replace(/'[^']*'|"[^"]*"|http:\S+|\S*\be\d+x\S*/g, "…").slice(0, 80)}`,
  );
}

test(`${sequences} sequences of ${length} edits`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(edit, exactly), async (byHand, edits) => {
      const story = new Story();
      await story.begin(byHand);
      await deploy(story.line!, edits[0]!);
      for (const one of edits) {
        const before = await logins(story);
        const secrets = new Map([...stage.vault.secrets].map(([name, all]) => [name, all.length]));
        const jobs = [...stage.nomad.jobs.keys()];
        story.edit(one);
        if (story.line?.phase === "settled") await confirmMove(story.line);
        if (story.line !== undefined) await deploy(story.line, one);

        // Nothing is gone, and whoever could log in still can.
        expect(stage.vault.deletions).toEqual([]);
        expect(stage.nomad.deregistrations).toEqual([]);
        for (const [name, count] of secrets)
          expect(stage.vault.secrets.get(name)!.length).toBeGreaterThanOrEqual(count);
        expect([...stage.nomad.jobs.keys()]).toEqual(expect.arrayContaining(jobs));
        const after = await logins(story);
        for (const [name, opens] of before)
          expect([name, after.get(name)]).toEqual([name, opens || after.get(name)]);
      }
    }),
    { numRuns: sequences, endOnFailure: true },
  );
  console.log(`deploys: ${JSON.stringify(outcomes)}`);
});
