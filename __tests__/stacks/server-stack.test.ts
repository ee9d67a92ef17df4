import { addresses, jobNamed, ownStacks, withServer } from "./own-stacks";
import type { Json } from "./synthesize";

const stackOf = (...change: Parameters<typeof withServer>): Json => ownStacks(withServer(...change)).server!;
const jobOf = (stack: Json): Json => jobNamed(stack, "postgresql");
const taskOf = (stack: Json): Json => jobOf(stack).TaskGroups[0].Tasks[0] as Json;

/** The settings on the server's command line. */
function settingsOf(stack: Json): Record<string, string> {
  const { args } = taskOf(stack).Config as { args: string[] };
  return Object.fromEntries(
    args
      .filter((_, index) => args[index - 1] === "-c")
      .map((setting) => setting.split(/=(.*)/s) as [string, string]),
  );
}

test("a new server: its secret, its identity, its job", () => {
  // GIVEN
  const stack = stackOf();

  // THEN
  expect(addresses(stack)).toEqual([
    "nomad_job.postgresql",
    "vault_jwt_auth_backend_role.postgresql",
    "vault_kv_secret_v2.postgresql",
    "vault_policy.postgresql",
  ]);
  expect(jobOf(stack)).toMatchSnapshot();
});

test("nothing of it is destroyed", () => {
  const { resource } = stackOf();
  expect(resource.vault_kv_secret_v2.postgresql.lifecycle.prevent_destroy).toBe(true);
  expect(resource.nomad_job.postgresql.deregister_on_destroy).toBe(false);
});

test("its job may read the admin's secret and nothing else", () => {
  const { resource } = stackOf();
  expect(resource.vault_policy.postgresql.policy).toBe(
    'path "secret/data/postgres/admin" {\n  capabilities = ["read"]\n}\n',
  );
  expect(resource.vault_jwt_auth_backend_role.postgresql.bound_claims).toEqual({
    nomad_namespace: "default",
    nomad_job_id: "postgresql",
  });
});

test("the password is in no argument, no fixed variable and no state", () => {
  const stack = stackOf();
  const { Config, Env, Templates } = taskOf(stack) as { Config: object; Env: object; Templates: Json[] };
  expect(JSON.stringify([Config, Env])).not.toMatch(/password=|PASSWORD/);
  expect(Templates[0]).toMatchObject({ DestPath: "secrets/admin.env", Perms: "0600" });
  expect(stack.resource.vault_kv_secret_v2.postgresql).not.toHaveProperty("data_json");
});

test("it stops in order, and is never started twice on the same data", () => {
  const stack = stackOf();
  expect(taskOf(stack)).toMatchObject({ KillSignal: "SIGINT", KillTimeout: 30e9 });
  expect(jobOf(stack).Constraints).toEqual([
    { LTarget: "${node.unique.name}", RTarget: "client-1", Operand: "=" },
  ]);
  expect(jobOf(stack).TaskGroups[0]).toMatchObject({ Count: 1, Disconnect: { Replace: false } });
});

test("Consul asks PostgreSQL itself", () => {
  const [service] = jobOf(stackOf()).TaskGroups[0].Services as Json[];
  expect(service).toMatchObject({
    Name: "postgresql",
    Checks: [{ Type: "script", Command: "pg_isready", TaskName: "postgres" }],
  });
});

test("settings follow the memory, and the image's libraries are preloaded", () => {
  expect(settingsOf(stackOf())).toMatchObject({
    max_connections: "300",
    shared_buffers: "1024MB",
    effective_cache_size: "3072MB",
    work_mem: "4MB",
    maintenance_work_mem: "256MB",
    max_wal_size: "4GB",
    shared_preload_libraries: "vectors.so,pg_stat_statements",
    max_slot_wal_keep_size: "4GB",
  });
  expect(settingsOf(stackOf({ settings: { shared_buffers: "2GB" } })).shared_buffers).toBe("2GB");
});

test("nobody gets in over TCP without a password, and a service only into its own database", () => {
  const [, hba] = taskOf(stackOf({ hba: ["host all metrics 10.0.0.7/32 scram-sha-256"] }))
    .Templates as Json[];
  const lines = (hba!.EmbeddedTmpl as string).replace(/\{\{.*?\}\}/g, "?").split("\n");
  expect(lines).toEqual([
    "host all metrics 10.0.0.7/32 scram-sha-256",
    "?local all all peer",
    "host all ? all scram-sha-256",
    "host replication ? all scram-sha-256",
    "host sameuser all all scram-sha-256",
    "?",
  ]);
});

test("a certificate from Vault: it may be issued to this job alone, and PostgreSQL reads a new one without a restart", () => {
  // GIVEN
  const tls = { role: "postgresql", names: ["postgresql.service.consul", "db.example.org"] } as const;
  const stack = stackOf({ tls });

  // THEN
  expect(stack.resource.vault_policy.postgresql.policy).toBe(
    [
      'path "secret/data/postgres/admin" {\n  capabilities = ["read"]\n}\n',
      'path "pki/issue/postgresql" {\n  capabilities = ["create","update"]\n}\n',
    ].join(""),
  );
  expect((taskOf(stack).Templates as Json[])[2]).toEqual({
    EmbeddedTmpl:
      '{{ with pkiCert "pki/issue/postgresql" "common_name=postgresql.service.consul" "alt_names=postgresql.service.consul,db.example.org" (printf "ip_sans=127.0.0.1,%s" (env "NOMAD_IP_postgres")) "ttl=2592000s" }}{{ .Cert }}{{ .CA }}{{ .Key }}{{ end }}',
    DestPath: "secrets/postgres.pem",
    Envvars: false,
    Perms: "0600",
    Uid: 999,
    Gid: 999,
    ChangeMode: "signal",
    ChangeSignal: "SIGHUP",
    Splay: 0,
    ErrMissingKey: true,
  });
  expect(settingsOf(stack)).toMatchObject({
    ssl: "on",
    ssl_cert_file: "/secrets/postgres.pem",
    ssl_key_file: "/secrets/postgres.pem",
  });
});

test("connections without encryption are refused when that is asked for, and not before", () => {
  const tls = { role: "postgresql", names: ["postgresql.service.consul"] } as const;
  const hba = (only: boolean) =>
    ((taskOf(stackOf({ tls: { ...tls, only } })).Templates as Json[])[1]!.EmbeddedTmpl as string).match(
      /^host\w*/gm,
    );
  expect(hba(false)).toEqual(["host", "host", "host"]);
  expect(hba(true)).toEqual(["hostssl", "hostssl", "hostssl"]);
});

test("a new service does not change the server's job", () => {
  const environment = withServer();
  const fewer = { ...environment, services: environment.services.slice(0, 1) };
  expect(jobOf(ownStacks(fewer).server!)).toEqual(jobOf(ownStacks(environment).server!));
});

test("a job that is only watched is none of Terraform's", () => {
  const stack = stackOf({ existing: "watched" });
  expect(addresses(stack)).toEqual([]);
  expect(stack.import).toBeUndefined();
  // What pgmoor may have made for it is forgotten, and stays.
  expect((stack.removed as Json[]).map(({ from }) => String(from)).sort()).toEqual(addresses(stackOf()));
});

test("a job that is taken over is imported, and its admin's secret only read", () => {
  const stack = stackOf({ existing: "taken-over", existingSecret: true });
  expect(stack.import).toEqual([{ id: "postgresql@default", to: "nomad_job.postgresql" }]);
  expect(addresses(stack)).not.toContain("vault_kv_secret_v2.postgresql");
  expect(stack.resource.nomad_job.postgresql.lifecycle).toBeUndefined();
});

test("what taking it over changes is said by every plan", () => {
  const stack = ownStacks(withServer({ existing: "taken-over", existingSecret: true }), [], {
    changes: ["task postgres, Config, args[3]"],
    loses: ["task postgres, Env[TZ]"],
  }).server!;
  const said = (name: string) => String((stack.check as Json)[name].assert[0].error_message);
  expect(said("job_changes")).toBe(
    "The first deploy of postgresql changes of the running job:\n- task postgres, Config, args[3]",
  );
  expect(said("job_loses")).toContain("- task postgres, Env[TZ]");
});

test("a server that must not be deployed says why in every plan", () => {
  const stack = ownStacks(withServer(), ["It runs another major version."]).server!;
  expect(stack.output.pgmoor.precondition).toMatchObject([
    { error_message: "It runs another major version." },
  ]);
});
