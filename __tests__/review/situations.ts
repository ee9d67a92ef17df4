/** What a plan may be of: each ends with the stack written that is to be planned. */
import type { EnvironmentService, Phase } from "../../environments/model/environment";
import { Duration } from "../../nomad/duration";
import { HostVolume } from "../../nomad/volume";
import type { ServiceDefinition } from "../../services/definition";
import { gitea } from "../../services/gitea";
import { vaultwarden } from "../../services/vaultwarden";
import { ask, type Configuration, type Stage } from "./stage";

type Situation = (stage: Stage) => Promise<void>;

const as = (phase: Phase, definition: Partial<ServiceDefinition> = {}): EnvironmentService => ({
  definition: { ...vaultwarden, ...definition },
  phase,
  existing: ["job"],
});
const database = (change: Partial<ServiceDefinition["database"]>): Partial<ServiceDefinition> => ({
  database: { ...vaultwarden.database, ...change },
});
const adopted: EnvironmentService = {
  definition: gitea,
  phase: "prepared",
  existing: ["job", "secret", "database"],
};

/** The one resource of a type. */
function only(stack: Configuration, type: string): Configuration {
  const [resource] = Object.values(stack.resource[type] as Record<string, Configuration>);
  return resource!;
}

function editJob(stack: Configuration, edit: (job: Configuration) => void): void {
  const resource = only(stack, "nomad_job");
  const job = JSON.parse(resource.jobspec as string) as Configuration;
  edit(job);
  resource.jobspec = JSON.stringify(job);
}

function unguard(stack: Configuration): void {
  for (const resources of Object.values(stack.resource as Record<string, Record<string, Configuration>>))
    for (const resource of Object.values(resources)) {
      delete resource.lifecycle;
      delete resource.deregister_on_destroy;
    }
}

/** What the migrator leaves in the database of a service that has moved. */
async function markConfirmed(): Promise<void> {
  await ask("CREATE SCHEMA pgmoor", { database: "vaultwarden" });
  await ask("CREATE TABLE pgmoor.confirmed ()", { database: "vaultwarden" });
}

/** Vaultwarden as `prepared`, or as `cutover`, applied. */
async function deployed(
  stage: Stage,
  phase: Phase = "prepared",
  definition: Partial<ServiceDefinition> = {},
) {
  stage.registerByHand("vaultwarden");
  await stage.apply(as("prepared", definition));
  if (phase === "cutover") await stage.apply(as("cutover", definition));
}

/** A change of Vaultwarden as it runs on the server. */
const changed =
  (definition: Partial<ServiceDefinition>, meddle?: (stack: Configuration) => void): Situation =>
  async (stage) => {
    await deployed(stage, "cutover");
    await stage.write(as("cutover", definition), meddle);
  };

export const situations = {
  "first-deploy": (stage) => stage.write({ definition: vaultwarden, phase: "prepared" }),
  "first-deploy-of-a-running-job": async (stage) => {
    stage.registerByHand("vaultwarden");
    await stage.write(as("prepared"));
  },
  nothing: changed({}),
  cutover: async (stage) => {
    await deployed(stage);
    await stage.write(as("cutover"));
  },
  confirmed: async (stage) => {
    await deployed(stage, "cutover");
    await markConfirmed();
    await stage.write(as("cutover"));
  },
  settle: async (stage) => {
    const definition = { volumes: vaultwarden.volumes!.map((volume) => volume.sourceOnly()) };
    await deployed(stage, "cutover", definition);
    await markConfirmed();
    await stage.write(as("settled", definition));
  },
  rollback: async (stage) => {
    await deployed(stage, "cutover");
    await stage.write(as("prepared"));
  },
  "rollback-with-rows": async (stage) => {
    await deployed(stage, "cutover");
    await markConfirmed();
    await stage.write({ ...as("prepared"), rollback: "copy-back" });
  },
  retire: async (stage) => {
    await deployed(stage, "cutover");
    await stage.write(as("retired"));
  },
  rotation: async (stage) => {
    await deployed(stage, "cutover");
    await stage.write({ ...as("cutover"), passwordVersion: 2 });
  },
  adopt: async (stage) => {
    stage.registerByHand("gitea");
    await stage.makeByHand("gitea", gitea.database.connectionLimit);
    await stage.write(adopted);
  },
  "rotation-takes-over": async (stage) => {
    stage.registerByHand("gitea");
    await stage.makeByHand("gitea", gitea.database.connectionLimit);
    await stage.apply(adopted);
    await stage.write({ ...adopted, passwordVersion: 2 });
  },
  "limit-changed": changed(database({ connectionLimit: 40 })),
  "limit-removed": changed(database({ connectionLimit: -1 })),
  "extension-added": changed(database({ extensions: ["pg_trgm"] })),
  "extension-removed": async (stage) => {
    await deployed(stage, "prepared", database({ extensions: ["pg_trgm"] }));
    await stage.write(as("prepared"));
  },
  "image-changed": changed({
    program: { driver: "docker", image: "vaultwarden/server:1.38.0", network: "host" },
  }),
  "variable-changed": changed({ environment: { ...vaultwarden.environment, LOG_LEVEL: "debug" } }),
  "check-changed": changed({ health: vaultwarden.health.every(Duration.seconds(10)) }),
  "count-zero": changed({}, (stack) => editJob(stack, (job) => (job.TaskGroups[0].Count = 0))),
  "database-renamed": changed(database({ name: "vaults" })),
  "database-renamed-unguarded": changed(database({ name: "vaults" }), unguard),
  "prevent-destroy-removed": changed({}, unguard),
  "service-emptied": async (stage) => {
    await deployed(stage, "cutover");
    await stage.write(as("cutover"), (stack) => {
      delete stack.resource;
      delete stack.import;
      delete stack.ephemeral.random_password;
      delete stack.ephemeral.vault_kv_secret_v2.vaultwarden;
    });
  },
  "address-renamed": changed({}, (stack) => {
    const databases = stack.resource.postgresql_database as Configuration;
    stack.resource.postgresql_database = { vault: databases.vaultwarden as unknown };
    rewrite(stack, "postgresql_database.vaultwarden", "postgresql_database.vault");
  }),
  "address-moved": changed({}, (stack) => {
    const databases = stack.resource.postgresql_database as Configuration;
    stack.resource.postgresql_database = { vault: databases.vaultwarden as unknown };
    rewrite(stack, "postgresql_database.vaultwarden", "postgresql_database.vault");
    stack.moved = [{ from: "postgresql_database.vaultwarden", to: "postgresql_database.vault" }];
  }),
  "volume-changed": changed({ volumes: [HostVolume.named("vault_data").at("/data")] }),
  "policy-widened": changed({}, (stack) => {
    only(stack, "vault_policy").policy +=
      'path "secret/data/postgres/*" {\n  capabilities = ["read", "list"]\n}\n';
  }),
  "jwt-role-widened": changed({}, (stack) => {
    const role = only(stack, "vault_jwt_auth_backend_role");
    role.bound_claims = { nomad_namespace: "default" };
    role.token_policies = [...(role.token_policies as string[]), "default-admin"];
  }),
  "grant-widened": changed({}, (stack) => {
    only(stack, "postgresql_grant").privileges = ["CONNECT"];
  }),
  "role-empowered": changed({}, (stack) => {
    Object.assign(only(stack, "postgresql_role"), { superuser: true, roles: ["pg_read_all_data"] });
  }),
  "secret-in-state": changed({}, (stack) => {
    const secret = only(stack, "vault_kv_secret_v2");
    delete secret.data_json_wo;
    delete secret.data_json_wo_version;
    secret.data_json = '{"password":"Tr0ub4dor&3-planted"}';
  }),
  "secret-in-job": changed({
    environment: { ...vaultwarden.environment, ADMIN_TOKEN: "Tr0ub4dor&3-planted" },
  }),
  "sslmode-lowered": async (stage) => {
    const dsn = { style: "url", variable: "DATABASE_URL", parameters: { sslmode: "verify-full" } } as const;
    stage.registerByHand("vaultwarden");
    await stage.apply(as("prepared", { dsn }));
    await stage.apply(as("cutover", { dsn }));
    await stage.write(as("cutover", { dsn: { ...dsn, parameters: { sslmode: "disable" } } }));
  },
  "drift-of-a-limit": async (stage) => {
    await deployed(stage, "cutover");
    await ask("ALTER ROLE vaultwarden CONNECTION LIMIT 99");
    await stage.write(as("cutover"));
  },
  "drift-of-a-policy": async (stage) => {
    await deployed(stage, "cutover");
    stage.vault.policies.set("pgmoor-vaultwarden", 'path "secret/*" {\n  capabilities = ["read"]\n}\n');
    await stage.write(as("cutover"));
  },
  "database-gone": async (stage) => {
    await deployed(stage, "cutover");
    await ask("DROP DATABASE vaultwarden");
    await stage.write(as("cutover"));
  },
  "failed-half-way": async (stage) => {
    stage.registerByHand("vaultwarden");
    stage.vault.roles.set("pgmoor-vaultwarden", {});
    await stage.applyInVain(as("prepared"), stage.failing);
    await stage.write(as("prepared"));
  },
  "failed-half-way-and-tainted": async (stage) => {
    await deployed(stage);
    await stage.terraform("taint", "postgresql_database.vaultwarden");
    await stage.write(as("prepared"));
  },
  // A first deploy failed.
  "job-tainted": async (stage) => {
    await stage.applyInVain({ definition: vaultwarden, phase: "prepared" }, stage.failing);
    await stage.write({ definition: vaultwarden, phase: "prepared" });
  },
  "provider-upgraded": async (stage) => {
    await deployed(stage, "cutover");
    // An attribute that the provider's older version did not have.
    await stage.editState((state) => state.replace(/^\s*"bypass_row_level_security":.*\n/m, ""));
    await stage.write(as("cutover"), (stack) => {
      stack.terraform.required_providers.postgresql.version = "1.27.0";
    });
  },
} satisfies Record<string, Situation>;

export type SituationName = keyof typeof situations;

/** Writes another address everywhere in a stack. */
function rewrite(stack: Configuration, from: string, to: string): void {
  stack.resource = JSON.parse(
    JSON.stringify(stack.resource).replaceAll(`${from}.`, `${to}.`).replaceAll(`"${from}"`, `"${to}"`),
  ) as unknown;
}
