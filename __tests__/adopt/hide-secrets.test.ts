import { hideSecrets } from "../../adopt/hide-secrets";
import type { Job } from "../../nomad/job";

const to = { mount: "secret", secret: "notes", role: "pgmoor-notes" };

const job = {
  ID: "notes",
  Name: "notes",
  Type: "service",
  TaskGroups: [
    {
      Name: "app",
      Tasks: [
        {
          Name: "web",
          Driver: "docker",
          Config: { image: "notes:1" },
          Env: {
            DATABASE_URL: "postgres://notes:p%40ss@db:5432/notes",
            SECRET_KEY: 'a "quoted" $secret\\',
            TOKEN_LIFETIME: "10080",
            PORT: "80",
          },
        },
        {
          Name: "cache",
          Driver: "docker",
          Config: { image: "redis:7" },
          Vault: { Role: "theirs" },
          Templates: [
            { Envvars: true, DestPath: "secrets/a.env", EmbeddedTmpl: "REDIS_PASSWORD=x1y2z3\nMODE=fast\n" },
          ],
        },
      ],
    },
    {
      Name: "other",
      Tasks: [{ Name: "bot", Driver: "docker", Config: { image: "bot:1" }, Env: { API_TOKEN: "abcdef" } }],
    },
  ],
} as unknown as Job;

test("every secret of the app's group is read from Vault, and no other field changes", () => {
  const { job: hidden, fields, otherRoles } = hideSecrets(job, "app", to);
  expect(fields).toEqual({
    database_url_password: "p%40ss",
    secret_key: 'a "quoted" $secret\\',
    redis_password: "x1y2z3",
  });
  const [web, cache] = hidden.TaskGroups[0]!.Tasks;
  expect(web!.Env).toEqual({ TOKEN_LIFETIME: "10080", PORT: "80" });
  expect(web!.Vault).toEqual({ Role: "pgmoor-notes" });
  const text = web!.Templates![0]!.EmbeddedTmpl!;
  expect(text).toContain('secret "secret/data/notes"');
  expect(text).toMatch(
    /^DATABASE_URL="postgres:\/\/notes:\{\{ \$secret\.Data\.data\.database_url_password \}\}@db:5432\/notes"$/m,
  );
  expect(text).toMatch(/^SECRET_KEY=\{\{ \$secret\.Data\.data\.secret_key \| toJSON \}\}$/m);
  expect(cache!.Vault).toEqual({ Role: "theirs" });
  expect(cache!.Templates![0]!.EmbeddedTmpl).toBe("MODE=fast\n");
  expect(otherRoles).toEqual(["cache"]);
  expect(hidden.TaskGroups[1]).toEqual(job.TaskGroups[1]);
  for (const value of Object.values(fields)) expect(JSON.stringify(hidden)).not.toContain(value);
});
