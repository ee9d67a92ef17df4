import { resolve } from "node:path";
import type { Environment, EnvironmentService, Phase } from "../../environments/model/environment";
import { homelab } from "../../environments/homelab";
import { HostVolume } from "../../nomad/volume";
import { grafana } from "../../services/grafana";
import { gitea } from "../../services/gitea";
import { immich } from "../../services/immich";
import { speedtestTracker } from "../../services/speedtest-tracker";
import { uptimeKuma } from "../../services/uptime-kuma";
import type { ServiceDefinition } from "../../services/definition";
import { vaultwarden } from "../../services/vaultwarden";
import { jobOf, synthesize, type Json } from "./synthesize";

function stackOf(
  service: Partial<EnvironmentService>,
  environment: Partial<Environment> = {},
  ca?: string,
): Json {
  const whole = { definition: vaultwarden, phase: "prepared" as const, ...service };
  return synthesize({ ...homelab, ...environment, services: [whole] }, undefined, ca)[whole.definition.name]!;
}

/** `type.name` of every resource. */
function addresses(stack: Json): string[] {
  return Object.entries((stack.resource ?? {}) as Json)
    .flatMap(([type, named]) => Object.keys(named as Json).map((name) => `${type}.${name}`))
    .sort();
}

const withExtension = {
  ...vaultwarden,
  database: { connectionLimit: 20, extensions: ["pg_trgm", "uuid-ossp"] },
};

describe("logical ids", () => {
  // A changed id is a destroyed database: they stay.
  test("say what a thing is, and stay", () => {
    expect(addresses(stackOf({ definition: withExtension, phase: "cutover" }))).toEqual([
      "nomad_job.vaultwarden",
      "postgresql_database.vaultwarden",
      "postgresql_extension.vaultwarden_pg_trgm",
      "postgresql_extension.vaultwarden_uuid_ossp",
      "postgresql_grant.vaultwarden_public",
      "postgresql_role.vaultwarden",
      "vault_jwt_auth_backend_role.vaultwarden",
      "vault_kv_secret_v2.vaultwarden",
      "vault_policy.vaultwarden",
    ]);
  });

  test("are the same in every phase that has resources", () => {
    for (const phase of ["cutover", "settled"] as const)
      expect(addresses(stackOf({ phase }))).toEqual(addresses(stackOf({ phase: "prepared" })));
  });
});

describe("nothing is dropped by accident", () => {
  test.each(["prepared", "cutover", "settled"] as const)(
    "in phase %s, whatever holds data has prevent_destroy",
    (phase) => {
      const { resource } = stackOf({ definition: withExtension, phase });
      for (const type of [
        "postgresql_database",
        "postgresql_role",
        "postgresql_extension",
        "vault_kv_secret_v2",
      ])
        for (const block of Object.values(resource[type] as Json))
          expect((block as Json).lifecycle).toMatchObject({ prevent_destroy: true });
      // A job is not: a first deploy that failed could not be mended. It may be replaced, and is never stopped.
      for (const block of Object.values(resource.nomad_job as Json))
        expect((block as Json).deregister_on_destroy).toBe(false);
    },
  );

  test("a retired service has no resources, and all it may have had is forgotten, not destroyed", () => {
    const stack = stackOf({ definition: withExtension, phase: "retired" });
    expect(addresses(stack)).toEqual([]);
    expect((stack.removed as Json[]).map(({ from }) => String(from)).sort()).toEqual(
      // What a monitoring and notices of the environment may have made.
      [
        ...addresses(stackOf({ definition: withExtension })),
        "postgresql_grant.vaultwarden_watched",
        "vault_policy.vaultwarden_source",
      ].sort(),
    );
    for (const removed of stack.removed as Json[]) expect(removed.lifecycle).toEqual({ destroy: false });
  });
});

describe("no secret in Terraform", () => {
  const { resource, ephemeral, provider } = stackOf({});

  test("the password is random, ephemeral, and written write-only", () => {
    expect(ephemeral.random_password.vaultwarden.length).toBeGreaterThanOrEqual(32);
    const secret = resource.vault_kv_secret_v2.vaultwarden as Json;
    expect(secret.data_json).toBeUndefined();
    expect(secret.data_json_wo).toContain("ephemeral.random_password.vaultwarden.result");
    expect(resource.random_password).toBeUndefined();
  });

  test("the role takes what Vault has, in step with the secret's version", () => {
    const role = resource.postgresql_role.vaultwarden as Json;
    expect(role.password).toBeUndefined();
    expect(role.password_wo).toBe("${ephemeral.vault_kv_secret_v2.vaultwarden.data.password}");
    expect(role.password_wo_version).toBe(
      String(resource.vault_kv_secret_v2.vaultwarden.data_json_wo_version),
    );
    expect(ephemeral.vault_kv_secret_v2.vaultwarden.mount_id).toBe("${vault_kv_secret_v2.vaultwarden.id}");
  });

  test("a new version is one for the secret and the role", () => {
    const rotated = stackOf({ passwordVersion: 3 }).resource as Json;
    expect(rotated.vault_kv_secret_v2.vaultwarden.data_json_wo_version).toBe(3);
    expect(rotated.postgresql_role.vaultwarden.password_wo_version).toBe("3");
  });

  test("a new version restarts every task that logs in with the password, and no other", () => {
    const metaOf = (change: Parameters<typeof stackOf>[0]): Record<string, unknown> =>
      Object.fromEntries(
        jobOf(stackOf(change)).TaskGroups[0].Tasks.map(({ Name, Meta }: Json) => [Name, Meta]),
      );
    const version = { pgmoor_password_version: "2" };
    const moving = { phase: "cutover", existing: ["job"], passwordVersion: 2 } as const;
    expect(metaOf(moving)).toEqual({
      migrate: undefined,
      schema: undefined,
      vaultwarden: version,
      confirm: undefined,
    });
    // On its source it does not log in to the server, and the first password is there before the job.
    expect(metaOf({ passwordVersion: 2 })).toEqual({ vaultwarden: undefined });
    expect(metaOf({ definition: gitea, passwordVersion: 2 })).toEqual({ gitea: version });
    expect(metaOf({ definition: gitea })).toEqual({ gitea: undefined });
  });

  test("the admin's credentials come from Vault, ephemerally", () => {
    expect(ephemeral.vault_kv_secret_v2.admin).toEqual({ mount: "secret", name: "postgres/admin" });
    expect(provider.postgresql[0]).toMatchObject({
      username: "${ephemeral.vault_kv_secret_v2.admin.data.username}",
      password: "${ephemeral.vault_kv_secret_v2.admin.data.password}",
    });
  });

  test("no provider is given a token", () => {
    for (const [config] of Object.values(provider as Json) as Json[][])
      expect(
        Object.keys(config!).filter((key) => /token|secret/.test(key) && key !== "skip_child_token"),
      ).toEqual([]);
  });
});

describe("least privilege", () => {
  const { resource } = stackOf({ definition: speedtestTracker });

  test("the policy reads the service's secrets and nothing else", () => {
    expect(resource.vault_policy.speedtest.policy).toBe(
      'path "secret/data/postgres/speedtest" {\n  capabilities = ["read"]\n}\npath "secret/data/speedtest" {\n  capabilities = ["read"]\n}\n',
    );
  });

  test("the JWT role is for this job of this namespace, and gives this policy", () => {
    expect(resource.vault_jwt_auth_backend_role.speedtest).toMatchObject({
      bound_audiences: ["vault.io"],
      bound_claims: { nomad_job_id: "speedtest", nomad_namespace: "default" },
      token_policies: ["${vault_policy.speedtest.name}"],
      user_claim: "/nomad_job_id",
      user_claim_json_pointer: true,
    });
  });

  test("the role may log in to its database, with a limit, and PUBLIC may not connect", () => {
    const role = resource.postgresql_role.speedtest as Json;
    expect(role).toMatchObject({ login: true, connection_limit: 20 });
    for (const privilege of [
      "superuser",
      "create_database",
      "create_role",
      "replication",
      "bypass_row_level_security",
    ])
      expect(role[privilege]).toBeUndefined();
    expect(resource.postgresql_grant.speedtest_public).toMatchObject({
      role: "public",
      object_type: "database",
      privileges: [],
    });
    expect(resource.postgresql_database.speedtest.owner).toBe("${postgresql_role.speedtest.name}");
  });

  test("no task sees its Vault token", () => {
    const job = jobOf(stackOf({ definition: speedtestTracker, phase: "cutover" }));
    for (const task of job.TaskGroups[0].Tasks as Json[])
      expect(task.Vault).toMatchObject({ Role: "pgmoor-speedtest", Env: false, DisableFile: true });
  });
});

describe("a service that has been on the server all along", () => {
  const adopted = homelab.services.find(({ definition }) => definition.name === "gitea")!;
  const stack = stackOf(adopted);

  test("keeps its role, database, job and password: all but the identity and the grant are imported or only read", () => {
    expect(stack.import).toEqual([
      { id: "gitea", to: "postgresql_role.gitea" },
      { id: "gitea", to: "postgresql_database.gitea" },
      { id: "gitea@default", to: "nomad_job.gitea" },
    ]);
    expect(stack.resource.vault_kv_secret_v2).toBeUndefined();
    expect(stack.resource.postgresql_role.gitea.password_wo).toBeUndefined();
  });

  test("runs on the server", () => {
    const [task] = jobOf(stack).TaskGroups[0].Tasks as Json[];
    expect(task!.Templates[0].EmbeddedTmpl).toContain("GITEA__database__HOST=");
  });
});

describe("a service with a PostgreSQL of its own", () => {
  const stack = stackOf(homelab.services.find(({ definition }) => definition.name === "immich")!);

  test("runs on it while it is prepared, with its password from Vault", () => {
    const [server, app] = jobOf(stack).TaskGroups[0].Tasks as Json[];
    expect(server).toMatchObject({ Name: "postgres", Lifecycle: { Hook: "prestart", Sidecar: true } });
    expect(server!.Templates[0].EmbeddedTmpl).toContain(
      "POSTGRES_PASSWORD={{ $secret.Data.data.embedded_password",
    );
    expect(app!.Env).toMatchObject({ DB_HOSTNAME: "127.0.0.1", DB_PORT: "5433" });
    expect(app!.Env.DB_PASSWORD).toBeUndefined();
    expect(app!.Templates[0].EmbeddedTmpl).toContain("DB_PASSWORD={{ $secret.Data.data.embedded_password");
  });

  test("stops it in order, so that its data can be moved", () => {
    const [server] = jobOf(stack).TaskGroups[0].Tasks as Json[];
    expect(server!.KillSignal).toBe("SIGINT");
  });

  describe("that moves", () => {
    const { definition } = homelab.services.find((service) => service.definition.name === "immich")!;
    const job = jobOf(stackOf({ definition, phase: "cutover" }));
    const tasks = job.TaskGroups[0].Tasks as Json[];
    const [migrate, source, app] = tasks as [Json, Json, Json];

    test("has its server on a copy of its data, that nobody else reaches", () => {
      expect(tasks.map(({ Name, Lifecycle }) => [Name, Lifecycle?.Hook])).toEqual([
        ["migrate", "prestart"],
        ["source", "prestart"],
        ["immich", undefined],
        ["confirm", "poststart"],
      ]);
      expect(source.Config.image).toBe("tensorchord/pgvecto-rs:pg14-v0.2.0");
      expect(source.Config.args).toEqual(
        expect.arrayContaining(["server", "docker-entrypoint.sh", "shared_preload_libraries=vectors.so"]),
      );
      expect(source.Config.args).toEqual(
        expect.arrayContaining(["data_directory=${NOMAD_ALLOC_DIR}/pgmoor-source", "listen_addresses="]),
      );
      expect(source.Env.PGDATA).toBe("${NOMAD_ALLOC_DIR}/pgmoor-source");
      expect(job.TaskGroups[0].Networks[0].DynamicPorts).toEqual([]);
    });

    test("is read by the migrator alone, with the password of the server beside the app", () => {
      expect(migrate.VolumeMounts[0]).toEqual({
        Volume: "immich_postgres",
        Destination: "/source",
        ReadOnly: true,
      });
      for (const { VolumeMounts } of [source, app])
        expect((VolumeMounts as Json[]).map(({ Volume }) => Volume as string)).not.toContain(
          "immich_postgres",
        );
      const [, secrets, config] = migrate.Templates as Json[];
      expect(secrets!.EmbeddedTmpl).toContain(
        "PGMOOR_SOURCE_PASSWORD={{ $secret.Data.data.embedded_password",
      );
      expect(config!.EmbeddedTmpl).toContain(
        '"source": { "kind": "postgres", "data": "/source", "user": "postgres", "database": "immich" }',
      );
    });

    test("starts on the central server, with none of its old variables", () => {
      expect(app.Env.DB_HOSTNAME).toBeUndefined();
      expect(app.Templates[0].EmbeddedTmpl).toContain("DB_HOSTNAME=");
      expect(app.Templates[1].EmbeddedTmpl).not.toContain("DB_PASSWORD");
    });
  });

  test("gets its extensions from the admin, one after the other", () => {
    const extensions = stack.resource.postgresql_extension as Json;
    expect(Object.values(extensions).map((extension) => (extension as Json).name as string)).toEqual(
      expect.arrayContaining(["cube", "earthdistance", "vectors"]),
    );
    expect(extensions.immich_earthdistance.depends_on).toEqual(["postgresql_extension.immich_cube"]);
  });

  test("may look into the schema that an extension has made for itself, and forgets that with the rest", () => {
    const grants = stack.resource.postgresql_grant as Json;
    expect(grants.immich_vectors_usage).toMatchObject({
      role: "${postgresql_role.immich.name}",
      object_type: "schema",
      schema: "vectors",
      privileges: ["USAGE"],
      depends_on: ["postgresql_extension.immich_vectors"],
    });
    const retired = homelab.services.find(({ definition }) => definition.name === "immich")!;
    expect(stackOf({ ...retired, phase: "retired" }).removed).toContainEqual({
      from: "postgresql_grant.immich_vectors_usage",
      lifecycle: { destroy: false },
    });
  });

  test("had a second container until 1.118, and the extension it is asked for fits its release", () => {
    const tasks = (release: `v${number}.${number}.${number}`) =>
      (
        jobOf(stackOf({ definition: immich({ release, vector: "pgvector" }) })).TaskGroups[0].Tasks as Json[]
      ).map(({ Name }) => Name as string);
    expect(tasks("v1.117.0")).toEqual(["postgres", "immich", "microservices"]);
    expect(tasks("v1.118.0")).toEqual(["postgres", "immich"]);
    expect(() => immich({ release: "v3.0.0", vector: "pgvecto.rs" })).toThrow(
      /no longer supports pgvecto\.rs/,
    );
  });
});

describe("what exists already", () => {
  test("a job is imported", () => {
    expect(stackOf({ existing: ["job"] }).import).toEqual([
      { id: "vaultwarden@default", to: "nomad_job.vaultwarden" },
    ]);
  });

  test("a secret is only read, and a new role takes its password", () => {
    const { resource, ephemeral } = stackOf({ existing: ["secret"] });
    expect(resource.vault_kv_secret_v2).toBeUndefined();
    expect(ephemeral.random_password).toBeUndefined();
    expect(ephemeral.vault_kv_secret_v2.vaultwarden).toEqual({
      mount: "secret",
      name: "postgres/vaultwarden",
    });
    expect(resource.postgresql_role.vaultwarden.password_wo_version).toBe("1");
  });

  test("an adopted database is imported with its role, whose password nobody writes", () => {
    const stack = stackOf({ existing: ["secret", "database"] });
    expect(stack.import).toEqual([
      { id: "vaultwarden", to: "postgresql_role.vaultwarden" },
      { id: "vaultwarden", to: "postgresql_database.vaultwarden" },
    ]);
    expect(stack.resource.postgresql_role.vaultwarden.password_wo).toBeUndefined();
    expect(stack.resource.postgresql_role.vaultwarden.password_wo_version).toBeUndefined();
  });

  test("the first rotation takes an adopted one over: its secret is imported and both get the version", () => {
    const stack = stackOf({ existing: ["secret", "database"], passwordVersion: 2 });
    expect(stack.import).toContainEqual({
      id: "secret/data/postgres/vaultwarden",
      to: "vault_kv_secret_v2.vaultwarden",
    });
    expect(stack.resource.vault_kv_secret_v2.vaultwarden.data_json_wo_version).toBe(2);
    expect(stack.resource.postgresql_role.vaultwarden.password_wo_version).toBe("2");
  });
});

describe("the server", () => {
  test("has to be healthy in Consul before anything is planned, and its address is Consul's", () => {
    const { data, provider } = stackOf({});
    expect(data.consul_service_health.server).toMatchObject({ name: "postgresql", passing: true });
    expect(data.consul_service_health.server.lifecycle.postcondition[0].condition).toBe(
      "${length(self.results) > 0}",
    );
    expect(provider.postgresql[0].host).toContain("data.consul_service_health.server.results[0]");
  });

  test("is where the environment says, when it does", () => {
    const server = { ...homelab.server, address: { host: "10.0.0.60", port: 5433 } };
    expect(stackOf({}, { server }).provider.postgresql[0]).toMatchObject({ host: "10.0.0.60", port: 5433 });
  });
});

describe("the job", () => {
  test("of a prepared service runs on its source and reads no database secret", () => {
    const job = jobOf(stackOf({ phase: "prepared" }));
    const [task, ...others] = job.TaskGroups[0].Tasks as Json[];
    expect(others).toEqual([]);
    expect(task!.Env.DATABASE_URL).toBe("/data/db.sqlite3");
    expect(task!.Templates).toEqual([]);
    expect(task!.Vault).toBeUndefined();
  });

  test("of a moving service migrates before it starts, and mounts the source read-only for that", () => {
    const tasks = jobOf(stackOf({ phase: "cutover" })).TaskGroups[0].Tasks as Json[];
    expect(tasks.map(({ Name, Lifecycle }) => [Name, Lifecycle?.Hook])).toEqual([
      ["migrate", "prestart"],
      ["schema", "prestart"],
      ["vaultwarden", undefined],
      ["confirm", "poststart"],
    ]);
    expect(tasks[0]!.VolumeMounts).toContainEqual({
      Volume: "vaultwarden_data",
      Destination: "/source",
      ReadOnly: true,
    });
    expect(tasks[2]!.Env.DATABASE_URL).toBeUndefined();
  });

  describe("of a service that goes back to its source", () => {
    const returning = (rollback: "copy-back" | "discard", definition: ServiceDefinition = vaultwarden) =>
      stackOf({ definition, phase: "prepared", rollback });
    const tasksOf = (stack: Json) => jobOf(stack).TaskGroups[0].Tasks as Json[];
    const configOf = (task: Json) =>
      (task.Templates as Json[]).find(({ DestPath }) => (DestPath as string).endsWith("pgmoor.json"))!
        .EmbeddedTmpl as string;

    test("brings the rows back before the app starts, and the app sees its source alone", () => {
      const tasks = tasksOf(returning("copy-back"));
      expect(tasks.map(({ Name, Lifecycle }) => [Name, Lifecycle?.Hook])).toEqual([
        ["roll-back", "prestart"],
        ["vaultwarden", undefined],
        ["confirm", "poststart"],
      ]);
      const [prepared] = tasksOf(stackOf({ phase: "prepared" }));
      expect(tasks[1]).toEqual(prepared);
    });

    test.each(["copy-back", "discard"] as const)(
      "%s: only what copies may write to the source",
      (rollback) => {
        const [rollBack, , confirm] = tasksOf(returning(rollback));
        const mounts = ({ VolumeMounts }: Json) =>
          Object.fromEntries((VolumeMounts as Json[]).map((one) => [one.Destination, one.ReadOnly]));
        expect(mounts(rollBack!)).toEqual({ "/source": rollback === "discard", "/snapshots": false });
        expect(mounts(confirm!)).toEqual({ "/snapshots": false });
        for (const task of [rollBack!, confirm!])
          expect(configOf(task)).toContain(`"rollback": "${rollback}"`);
      },
    );

    test("is back on the server at its first failure, and no sooner done than the ledger says so", () => {
      const { Update, TaskGroups } = jobOf(returning("copy-back"));
      expect(Update).toEqual(jobOf(stackOf({ phase: "cutover" })).Update);
      expect(Update).toMatchObject({ AutoRevert: true, ProgressDeadline: 0 });
      expect(Update.MinHealthyTime).toBeGreaterThan(60e9);
      for (const task of (TaskGroups[0].Tasks as Json[]).filter(({ Lifecycle }) => Lifecycle))
        expect(task.RestartPolicy).toMatchObject({ Attempts: 0, Mode: "fail" });
      expect(TaskGroups[0].Meta.pgmoor_phase).toBe("returning");
    });

    test("holds no secret, and changes nothing but the job", () => {
      const stack = returning("copy-back");
      expect(addresses(stack)).toEqual(addresses(stackOf({ phase: "cutover" })));
      expect(stack.resource.vault_policy).toEqual(stackOf({ phase: "cutover" }).resource.vault_policy);
    });

    test("with a PostgreSQL of its own starts that beside the app", () => {
      const tasks = tasksOf(returning("discard", immich({ release: "v1.132.3", vector: "pgvecto.rs" })));
      expect(tasks.map(({ Name }) => Name)).toEqual(
        expect.arrayContaining(["roll-back", "postgres", "confirm"]),
      );
    });
  });

  test("goes back by itself: a task of the migration that fails, fails the deployment, which reverts", () => {
    const { Update, TaskGroups } = jobOf(stackOf({ phase: "cutover" }));
    expect(Update.AutoRevert).toBe(true);
    // Zero: the first allocation that fails, whatever may replace it.
    expect(Update.ProgressDeadline).toBe(0);
    for (const task of (TaskGroups[0].Tasks as Json[]).filter(({ Lifecycle }) => Lifecycle))
      expect(task.RestartPolicy).toMatchObject({ Attempts: 0, Mode: "fail" });
  });

  test.each([
    ["on its source", { phase: "prepared" }],
    ["moving", { phase: "cutover" }],
    ["settled", { phase: "settled" }],
    ["on the server all along", { definition: grafana }],
  ] as const)("of a service %s is tried again for ever, and soon", (_where, service) => {
    const job = jobOf(stackOf(service));
    const { ReschedulePolicy, RestartPolicy } = job.TaskGroups[0] as Json;
    expect(ReschedulePolicy).toMatchObject({ Unlimited: true, DelayFunction: "constant" });
    expect(ReschedulePolicy.Delay).toBeLessThanOrEqual(30e9);
    expect(RestartPolicy.Mode).toBe("delay");
    expect(RestartPolicy.Interval).toBeLessThanOrEqual(30e9);
    for (const { Vault } of job.TaskGroups[0].Tasks as Json[])
      if (Vault !== undefined) expect(Vault.ChangeMode).toBe("noop");
  });

  test("of a settled service needs nothing of the migration", () => {
    const data = vaultwarden.volumes![0]!;
    const uploads = HostVolume.named("uploads").at("/uploads");
    const definition = { ...vaultwarden, volumes: [data.sourceOnly(), uploads] };
    const moving = jobOf(stackOf({ definition, phase: "cutover" }));
    const job = jobOf(stackOf({ definition, phase: "settled" }));
    const [task, ...others] = job.TaskGroups[0].Tasks as Json[];
    expect(others).toEqual([]);
    // The app's own task is as it was, but for the volume that held its source alone.
    const before = (moving.TaskGroups[0].Tasks as Json[]).find(({ Name }) => Name === "vaultwarden")!;
    expect(before.VolumeMounts).toContainEqual(data.toApi());
    expect(task).toEqual({ ...before, VolumeMounts: [uploads.toApi()] });
    expect(Object.keys(job.TaskGroups[0].Volumes as Json)).toEqual(["uploads"]);
    expect(JSON.stringify(job)).not.toContain("migrator");
    // Its deadlines are those of a start: a bad image is not down for as long as a migration may take.
    expect(job.Update).toMatchObject({ HealthyDeadline: 300e9, ProgressDeadline: 0, AutoRevert: true });
    expect(job.Update.MinHealthyTime).toBeLessThan(10e9);
  });

  test("of a settled service with a PostgreSQL of its own no longer reads that one's password", () => {
    const definition = { ...immich({ release: "v1.132.3", vector: "pgvecto.rs" }), secrets: [] };
    const stackIn = (phase: Phase) => stackOf({ definition, phase }).resource as Json;
    for (const phase of ["prepared", "cutover"] as const) {
      expect(stackIn(phase).vault_policy.immich_source.policy).toContain("secret/data/immich");
      expect(stackIn(phase).nomad_job.immich.depends_on).toContain("vault_policy.immich_source");
      expect(stackIn(phase).vault_policy.immich.policy).not.toContain("secret/data/immich");
    }
    expect(Object.keys(stackIn("settled").vault_policy as Json)).toEqual(["immich"]);
    // The job that Nomad puts back, should the settled one not start, logs in with the same role.
    expect(stackIn("settled").vault_jwt_auth_backend_role).toEqual(
      stackIn("cutover").vault_jwt_auth_backend_role,
    );
    const { Volumes } = jobOf(stackOf({ definition, phase: "settled" })).TaskGroups[0] as Json;
    expect(Object.keys(Volumes as Json)).toEqual(["immich_upload"]);
  });

  test("that a cutover goes back to is not given up at its first failed start", () => {
    const { Update } = jobOf(stackOf({ phase: "prepared" }));
    // Nomad refuses a progress deadline that is not the longer one.
    expect(Update.ProgressDeadline).toBeGreaterThan(Update.HealthyDeadline as number);
  });

  test("cannot succeed before the migration is confirmed, and everyone waits long enough", () => {
    const stack = stackOf({ phase: "cutover" });
    const { Update } = jobOf(stack);
    const [migrate, confirm, healthy] = [600, 60, 300].map((seconds) => seconds * 1e9) as [
      number,
      number,
      number,
    ];
    expect(Update.MinHealthyTime).toBeGreaterThan(confirm);
    expect(Update.HealthyDeadline).toBeGreaterThanOrEqual(migrate + confirm + healthy);
    const { update } = stack.resource.nomad_job.vaultwarden.timeouts as { update: string };
    expect(parseInt(update, 10) * 1e9).toBeGreaterThan(Update.HealthyDeadline as number);
    expect(stack.resource.nomad_job.vaultwarden.detach).toBe(false);
  });

  test("waits for its secret, role, database and identity", () => {
    expect(stackOf({}).resource.nomad_job.vaultwarden.depends_on).toEqual([
      "vault_kv_secret_v2.vaultwarden",
      "postgresql_role.vaultwarden",
      "postgresql_database.vaultwarden",
      "postgresql_grant.vaultwarden_public",
      "vault_policy.vaultwarden",
      "vault_jwt_auth_backend_role.vaultwarden",
    ]);
  });

  test("builds its schema in the host's network, where the migrator finds it, also when it runs in a bridge", () => {
    const definition = { ...uptimeKuma, cannotMove: undefined };
    const { Tasks } = jobOf(stackOf({ definition, phase: "cutover" })).TaskGroups[0];
    const configOf = (task: string) => Tasks.find(({ Name }: Json) => Name === task).Config as Json;
    expect(configOf("schema").network_mode).toBe("host");
    expect(configOf("migrate").network_mode).toBe("host");
    expect(configOf("uptime-kuma")).toMatchObject({ ports: ["http"] });
    expect(configOf("uptime-kuma")).not.toHaveProperty("network_mode");
  });

  test("runs every task of a program as its user", () => {
    const definition = { ...vaultwarden, program: { ...vaultwarden.program, user: "1000:1000" } };
    const migrator = { ...homelab.migrator, program: { ...homelab.migrator.program, user: "1001" } };
    const { Tasks } = jobOf(stackOf({ definition, phase: "cutover" }, { migrator })).TaskGroups[0];
    expect(Tasks.map(({ Name, User }: Json) => [Name, User])).toEqual([
      ["migrate", "1001"],
      ["schema", "1000:1000"],
      ["vaultwarden", "1000:1000"],
      ["confirm", "1001"],
    ]);
  });

  test("reads the certificate of the server's authority where it is verified, and so do Terraform and the migrator", () => {
    const server = { ...homelab.server, sslmode: "verify-full", caFile: "ca.pem" } as const;
    const stack = stackOf({ phase: "cutover" }, { server }, "CERTIFICATE");
    expect(stack.provider.postgresql[0]).toMatchObject({
      sslmode: "verify-full",
      sslrootcert: resolve("ca.pem"),
    });
    const { Tasks } = jobOf(stack).TaskGroups[0];
    for (const { Name, Templates } of Tasks as Json[]) {
      const text = (path: string) =>
        Templates.find(({ DestPath }: Json) => DestPath === path)?.EmbeddedTmpl as string;
      expect([Name, text("/local/pgmoor-tls/ca.pem")]).toEqual([Name, "CERTIFICATE"]);
      expect(text("secrets/database.env")).toMatch(/verify-full/);
      expect(text("secrets/database.env")).toContain("pgmoor-tls");
    }
  });

  test("is tagged for Traefik, behind its middlewares", () => {
    expect(jobOf(stackOf({ definition: speedtestTracker })).TaskGroups[0].Services[0].Tags).toEqual([
      "traefik.enable=true",
      "traefik.http.routers.speedtest.rule=Host(`speedtest.lab.hartr.net`)",
      "traefik.http.routers.speedtest.entrypoints=websecure",
      "traefik.http.routers.speedtest.tls=true",
      "traefik.http.routers.speedtest.middlewares=authelia@file",
    ]);
  });

  test("maps the port into a container that listens on another", () => {
    const [group] = jobOf(stackOf({ definition: speedtestTracker })).TaskGroups as Json[];
    expect(group!.Networks[0].ReservedPorts).toEqual([{ Label: "http", Value: 8765, To: 80 }]);
    expect(group!.Tasks[0].Config).toEqual({
      image: "lscr.io/linuxserver/speedtest-tracker:1.9.0",
      ports: ["http"],
    });
  });
});

describe("snapshots", () => {
  /** Without what cdktf writes about itself, and with the jobspec readable. */
  const reviewable = ({ "//": _about, ...stack }: Json): Json => {
    const strip = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(strip)
        : value !== null && typeof value === "object"
          ? Object.fromEntries(
              Object.entries(value)
                .filter(([key]) => key !== "//")
                .map(([key, member]) => [key, strip(member)]),
            )
          : value;
    const readable = strip(stack) as Record<string, Json>;
    if (readable.resource?.nomad_job === undefined) return readable;
    const [[name, job]] = Object.entries(readable.resource.nomad_job as Json) as [[string, Json]];
    return {
      ...readable,
      resource: { ...readable.resource, nomad_job: { [name]: { ...job, jobspec: jobOf(stack) } } },
    };
  };

  test.each([
    ["vaultwarden prepared", { definition: vaultwarden, phase: "prepared" }],
    [
      "vaultwarden, back to its source",
      { definition: vaultwarden, phase: "prepared", rollback: "copy-back" },
    ],
    ["vaultwarden settled", { definition: vaultwarden, phase: "settled" }],
    ["vaultwarden retired", { definition: vaultwarden, phase: "retired" }],
  ] as const)("%s", (_name, service) => {
    expect(reviewable(stackOf(service))).toMatchSnapshot();
  });

  // The rest of the stack is as above: the job is what differs.
  test.each(homelab.services.map((service) => [service.definition.name, service] as const))(
    "the job of %s",
    (_name, service) => {
      expect(jobOf(stackOf(service))).toMatchSnapshot();
    },
  );

  test.each([vaultwarden, speedtestTracker, immich({ release: "v1.132.3", vector: "pgvecto.rs" })])(
    "the job of $name, moving",
    (definition) => {
      expect(jobOf(stackOf({ definition, phase: "cutover" }))).toMatchSnapshot();
    },
  );
});

test.each(["vault", "nomad", "random", "server", "postgresql"])("a service may be called %s", (name) => {
  const definition = { ...vaultwarden, name };
  const stacks = synthesize({ ...homelab, services: [{ definition, phase: "cutover" }] });
  expect(Object.keys(stacks)).toContain(name);
});
