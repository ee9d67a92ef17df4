import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderMarkdown } from "../../review/markdown";
import { planSchema, type Plan } from "../../review/terraform-plan";
import { review } from "../../review/review";
import { renderText } from "../../review/text";

const cases = process.env.PGMOOR_THOROUGH ? 300 : 30;

function planOf(situation: string): Plan {
  return planSchema.parse(
    JSON.parse(readFileSync(join(__dirname, "plans", situation, "plan.json"), "utf8")),
  ) as Plan;
}

/** Everything that a review of this plan can print. */
function outputs(plan: Plan): string {
  const result = review([{ service: "vaultwarden", plan }], { failOn: ["data-loss", "security"] });
  return [renderMarkdown(result), renderText(result, true), JSON.stringify(result)].join("\n");
}

type Json = Record<string, any>;

function change(plan: Json, type: string): Json {
  return (plan.resource_changes as Json[]).find((one) => one.type === type)!.change as Json;
}

/** Plants a secret into the job as it will be. */
function inJob(plant: (job: Json, secret: string) => void): (plan: Json, secret: string) => void {
  return (plan, secret) => {
    const { after } = change(plan, "nomad_job") as { after: Json };
    const job = JSON.parse(after.jobspec as string) as Json;
    plant(job, secret);
    after.jobspec = JSON.stringify(job);
  };
}
const inApp = (plant: (app: Json, secret: string) => void) =>
  inJob((job, secret) =>
    plant(
      (job.TaskGroups[0].Tasks as Json[]).find(({ Name }) => Name === "vaultwarden")!,
      secret,
    ),
  );
/** Plants a secret into a resource that changes then, and whose every attribute is shown. */
const inResource =
  (type: string, plant: (change: Json, secret: string) => void) => (plan: Json, secret: string) => {
    const changed = change(plan, type);
    changed.actions = ["update"];
    plant(changed, secret);
    const { expressions } = (plan.configuration.root_module.resources as Json[]).find(({ address }) =>
      (address as string).startsWith(type),
    )!;
    for (const name of Object.keys(changed.after as Json)) expressions[name] = {};
  };
const inRole = (plant: (role: Json, secret: string) => void) => inResource("postgresql_role", plant);

/** Each by itself says that it is a secret. */
const places: Record<string, (plan: Json, secret: string) => void> = {
  "a sensitive attribute, before": inRole((role, secret) => {
    role.before.note = secret;
    role.before_sensitive.note = true;
  }),
  "a sensitive attribute, after": inRole((role, secret) => {
    role.after.note = secret;
    role.after_sensitive.note = true;
  }),
  "deep in a sensitive attribute": inRole((role, secret) => {
    role.after.data = { a: [{ b: secret }] };
    role.after_sensitive.data = { a: [{ b: true }] };
  }),
  "below a sensitive attribute": inRole((role, secret) => {
    role.after.data = { a: [{ b: secret }] };
    role.after_sensitive.data = true;
  }),
  "an attribute's name": inRole((role, secret) => (role.after.password = secret)),
  "an attribute's name, below it": inRole((role, secret) => (role.after.credentials = { mine: [secret] })),
  "a password before": inRole((role, secret) => (role.before.password = secret)),
  "the data of a secret": inResource("vault_kv_secret_v2", (kv, secret) => {
    kv.after.data_json = JSON.stringify({ password: secret });
  }),
  "a variable": inApp((app, secret) => (app.Env.ADMIN_TOKEN = secret)),
  "a variable in camel case": inApp((app, secret) => (app.Env.appKey = secret)),
  "a variable with a prefix": inApp((app, secret) => (app.Env.GITEA__database__PASSWD = secret)),
  "a URL in a variable": inApp((app, secret) => (app.Env.HOME_PAGE = `https://me:${secret}@example.org/`)),
  "a URL in an argument": inApp((app, secret) => (app.Config.args = [`postgres://a:${secret}@b/c`])),
  "an argument": inApp((app, secret) => (app.Config.args = [`--db-password=${secret}`])),
  "the argument after its flag": inApp((app, secret) => (app.Config.args = ["--token", secret, "--x"])),
  "a registry's login": inApp((app, secret) => (app.Config.auth = { username: "me", password: secret })),
  "a command line": inApp((app, secret) => (app.Config.command = `run PASSWORD=${secret} app`)),
  "a template's line": inApp((app, secret) => (app.Templates[0].EmbeddedTmpl += `DB_PASSWORD=${secret}\n`)),
  "a template's fixed text": inApp(
    (app, secret) =>
      (app.Templates[0].EmbeddedTmpl += `DB_PASSWORD={{ ${JSON.stringify(secret)} | toJSON }}\n`),
  ),
  "a template's YAML": inApp((app, secret) => (app.Templates[0].EmbeddedTmpl += `password: "${secret}"\n`)),
  "a template's JSON": inApp(
    (app, secret) => (app.Templates[0].EmbeddedTmpl += `{"api_key": ${JSON.stringify(secret)}}\n`),
  ),
  "the job's meta": inJob((job, secret) => (job.Meta = { "oidc.client_secret": secret })),
  "a tag": inJob((job, secret) => (job.TaskGroups[0].Services[0].Tags = [`basicauth.password=${secret}`])),
  "a check's header": inJob(
    (job, secret) => (job.TaskGroups[0].Services[0].Checks[0].Header = { "X-Api-Key": [secret] }),
  ),
  "an artifact": inApp(
    (app, secret) => (app.Artifacts = [{ GetterSource: `https://u:${secret}@example.org/x.tgz` }]),
  ),
};

/** Say nothing by themselves: hidden because the secret is known from another place. */
const echoes: Record<string, (plan: Json, secret: string) => void> = {
  "an innocent variable": inApp((app, secret) => (app.Env.GREETING = `hello ${secret}!`)),
  "a variable's name": inApp((app, secret) => (app.Env[`X${secret}`] = "1")),
  base64: inApp((app, secret) => (app.Env.BLOB = Buffer.from(secret).toString("base64"))),
  "percent-encoded": inApp((app, secret) => (app.Env.QUERY = encodeURIComponent(secret))),
  "an image": inApp((app, secret) => (app.Config.image = `example.org/x:${secret}`)),
  "a policy": (plan, secret) => {
    const policy = change(plan, "vault_policy");
    policy.actions = ["update"];
    policy.after = { ...policy.after, policy: `path "secret/data/${secret}" {\n capabilities = ["sudo"]\n}` };
  },
  "an address": (plan, secret) => {
    plan.resource_changes[0].address += `["${secret}"]`;
  },
  "a role's name": inRole((role, secret) => {
    role.actions = ["update"];
    role.after.name = secret;
  }),
};

/** As a generator of passwords makes them. */
const secret = fc
  .string({
    unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~!*"),
    minLength: 16,
    maxLength: 48,
  })
  .filter((text) => /^[A-Z]/.test(text) && /\d/.test(text));

function variants(text: string): string[] {
  return [text, encodeURIComponent(text), Buffer.from(text).toString("base64")];
}

test.each(Object.entries(places))("a secret in %s is not shown", (_where, plant) => {
  fc.assert(
    fc.property(secret, (text) => {
      const plan = planOf("image-changed");
      plant(plan, text);
      expect(outputs(plan)).not.toContain(text);
    }),
    { numRuns: Math.ceil(cases / 10) },
  );
});

test("a secret in more than thirty places at once is in no output, in no spelling", () => {
  expect(Object.keys({ ...places, ...echoes }).length).toBeGreaterThan(30);
  fc.assert(
    fc.property(secret, (text) => {
      const plan = planOf("image-changed");
      for (const plant of Object.values({ ...places, ...echoes })) plant(plan, text);
      const printed = outputs(plan);
      for (const variant of variants(text)) expect(printed).not.toContain(variant);
    }),
    { numRuns: cases },
  );
});

test("a secret of one service is hidden in the plan of another", () => {
  const [one, other] = [planOf("image-changed"), planOf("image-changed")];
  places["a variable"]!(one, "Tr0ub4dor&3-planted");
  echoes["an innocent variable"]!(other, "Tr0ub4dor&3-planted");
  const result = review([
    { service: "other", plan: other },
    { service: "one", plan: one },
  ]);
  expect(JSON.stringify(result)).toContain("hidden 1");
  expect(JSON.stringify(result)).not.toContain("Tr0ub4dor");
});

test("what is no secret is shown", () => {
  const printed = outputs(planOf("cutover"));
  for (const shown of [
    "postgres_backups",
    "$secret.Data.data.password",
    "pgmoor/migrator:0.1.0",
    "/data/db.sqlite3",
  ])
    expect(printed).toContain(shown);
  expect(printed).not.toContain("(hidden");
});

test("that a secret changes can be seen", () => {
  const plan = planOf("image-changed");
  const { before, after } = change(plan, "nomad_job") as { before: Json; after: Json };
  for (const [attributes, token] of [
    [before, "first-of-two-tokens-1"],
    [after, "second-of-two-tokens-2"],
  ] as const) {
    const job = JSON.parse(attributes.jobspec as string) as Json;
    job.Meta = { admin_token: token };
    attributes.jobspec = JSON.stringify(job);
  }
  expect(outputs(plan)).toMatch(/- Meta\.admin_token: "\(hidden 1\)"\n\+ Meta\.admin_token: "\(hidden 2\)"/);
});
