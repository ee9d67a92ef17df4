/** Five jobs as somebody wrote them, in HCL: what each has for data, and what a person answers where `adopt` asks. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Client } from "pg";
import type { OpenDefinition } from "../../adopt/open";
import type { JobDefinition } from "../../services/job-definition";
import { speedtestTracker } from "../../services/speedtest-tracker";
import type { LabService } from "../deployment";
import { seedSpeedtest, seedVaultwarden } from "../samples/seed";
import { call } from "../servers/api";
import type { Lab } from "../servers/lab";
import { writeSecret } from "../servers/vault";
import { readSecret } from "../story/context";
import { embedded } from "../story/embedded-source";
import { handOver, sqlite, type SqliteService } from "../story/sqlite-source";

export interface LabJob {
  readonly name: string;
  /** What its program says of its source: `sqlite`. Absent: it is on the server already. */
  readonly source?: RegExp;
  readonly seed: (lab: Lab) => Promise<void>;
  /** The HCL's variables, besides those that all have. */
  readonly variables?: (lab: Lab) => Readonly<Record<string, string | number>>;
  /** What a person writes in place of `todo(…)`. @default nothing is asked */
  readonly answer?: (lab: Lab, definition: OpenDefinition) => JobDefinition;
  /** Compares every value on both sides. @returns rows */
  readonly prove?: (lab: Lab, server: Client) => Promise<number>;
  readonly rollback: "copy-back" | "discard";
}

const service = (name: string, sample: LabService["sample"]) =>
  ({ name, sample, volume: `${name}_data` }) as LabService;

const rowsOnBoth = async (lab: Lab, name: string, sample: SqliteService["sample"], server: Client) =>
  (await sqlite.prove(lab, service(name, sample) as SqliteService, server)).rows;

const onSqlite = (name: string): LabJob => ({
  name,
  source: /^sqlite/,
  seed: async (lab) => {
    const folder = lab.volumes[`${name}_data`]!;
    await seedVaultwarden(folder);
    await handOver(folder);
  },
  prove: (lab, server) => rowsOnBoth(lab, name, "vaultwarden", server),
  rollback: "copy-back",
});

const speed: LabJob = {
  name: "speed",
  source: /^sqlite/,
  seed: async (lab) => {
    await seedSpeedtest(lab.volumes.speed_data!);
    await handOver(lab.volumes.speed_data!);
  },
  answer: (lab, definition) =>
    ({
      ...definition,
      source: {
        ...speedtestTracker.source,
        schema: { kind: "command", command: [lab.node, "/opt/pgmoor/speedtest-tracker.cjs", "migrate"] },
      },
    }) as unknown as JobDefinition,
  prove: (lab, server) => rowsOnBoth(lab, "speed", "speedtest-tracker", server),
  rollback: "copy-back",
};

const photos: LabJob = {
  name: "photos",
  source: /^postgresql 14$/,
  seed: async (lab) => {
    await embedded.seed(lab, service("photos", "immich"));
    await writeSecret(lab.vault, "photos", {
      password: "typed-in-by-hand",
      redis_password: "typed-in-by-hand",
    });
  },
  variables: (lab) => ({ server: lab.embedded!.server }),
  answer: (_lab, definition) =>
    ({
      ...definition,
      database: {
        connectionLimit: 8,
        extensions: ["cube", "earthdistance", "pg_trgm", "unaccent", "uuid-ossp"],
      },
    }) as unknown as JobDefinition,
  prove: async (lab, server) => (await embedded.prove(lab, service("photos", "immich"), server)).rows,
  rollback: "discard",
};

const password = "notes, as it was set by hand long ago";
const notes: LabJob = {
  name: "notes",
  seed: async (lab) => {
    const { username: user, password: admin } = await readSecret(lab, "postgres/admin");
    const client = new Client({ ...lab.postgres, user, password: admin, database: "postgres" });
    await client.connect();
    await client.query(`CREATE ROLE notes LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    await client.query("CREATE DATABASE notes OWNER notes");
    await client.end();
    await writeSecret(lab.vault, "postgres/notes", { password });
  },
  rollback: "discard",
};

export function labJobs(lab: Lab): LabJob[] {
  return [
    onSqlite("vault"),
    speed,
    ...(lab.embedded === undefined ? [] : [photos]),
    onSqlite("groups"),
    notes,
  ];
}

export const volumes = ["snapshots", "vault_data", "speed_data", "photos_data", "groups_data"];

/** The HCL, read by Nomad itself. */
export async function parsed(
  lab: Lab,
  name: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const JobHCL = await fs.readFile(path.join(__dirname, "jobs", `${name}.hcl`), "utf8");
  const Variables = Object.entries(variables)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join("");
  const body = { JobHCL, Variables, Canonicalize: false };
  return call(`${lab.nomad.address}/v1/jobs/parse`, { method: "POST", body });
}

/** The one role for every job that clusters have before pgmoor: it reads all secrets. */
export async function letAllRead({ vault }: Lab): Promise<void> {
  const write = (target: string, body: unknown) =>
    call(`${vault.address}/v1/${target}`, {
      method: "POST",
      body,
      headers: { "X-Vault-Token": vault.token },
    });
  await write("sys/policies/acl/workloads", {
    policy: 'path "secret/data/*" {\n  capabilities = ["read"]\n}\n',
  });
  await write("auth/jwt-nomad/role/workloads", {
    role_type: "jwt",
    bound_audiences: ["vault.io"],
    user_claim: "/nomad_job_id",
    user_claim_json_pointer: true,
    token_policies: ["workloads"],
    token_period: 1800,
  });
}
