/** What the lab's servers and states have, line by line, so that two moments can be compared. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { call } from "../servers/api";
import type { Lab } from "../servers/lab";
import { asAdmin } from "./context";

/** States, Nomad's jobs, Vault's secrets, policies and roles, and PostgreSQL's roles, databases and tables. */
export async function everything(lab: Lab): Promise<string[]> {
  const parts = await Promise.all([states(lab), jobs(lab), vault(lab), postgres(lab)]);
  return parts.flat().sort();
}

/** The lines that only one of the two has. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !has.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !had.has(line)).map((line) => `+ ${line}`),
  ];
}

async function states({ directory }: Lab): Promise<string[]> {
  const folder = path.join(directory, "states");
  const names = await fs.readdir(folder);
  return Promise.all(
    names.map(async (name) => `state ${name} ${await fs.readFile(path.join(folder, name), "utf8")}`),
  );
}

async function jobs({ nomad }: Lab): Promise<string[]> {
  const all = await call<{ ID: string; JobModifyIndex: number; Status: string }[]>(
    `${nomad.address}/v1/jobs?namespace=*`,
  );
  const allocations = await call<{ ID: string; JobID: string }[]>(`${nomad.address}/v1/allocations`);
  return [
    ...all.map(({ ID, JobModifyIndex, Status }) => `job ${ID} ${JobModifyIndex} ${Status}`),
    // Nomad forgets those of a job that was purged when it collects garbage.
    ...allocations
      .filter(({ JobID }) => all.some(({ ID }) => ID === JobID))
      .map(({ ID, JobID }) => `allocation ${JobID} ${ID}`),
  ];
}

async function vault({ vault: { address, token } }: Lab): Promise<string[]> {
  const headers = { "X-Vault-Token": token };
  const get = <T>(where: string) =>
    call<{ data: T }>(`${address}/v1/${where}`, { headers }).then(({ data }) => data);
  const list = (where: string) => get<{ keys: string[] }>(`${where}?list=true`).then(({ keys }) => keys);
  const lines = async (folder: string, names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => `vault ${folder}/${name} ${JSON.stringify(await get(`${folder}/${name}`))}`),
    );
  return [
    ...(await lines("sys/policies/acl", await list("sys/policies/acl"))),
    ...(await lines("auth/jwt-nomad/role", await list("auth/jwt-nomad/role"))),
    ...(await lines("secret/metadata/postgres", await list("secret/metadata/postgres"))),
  ];
}

const serverSql = `
  SELECT 'role ' || r::text AS line FROM pg_authid r
  UNION ALL
  SELECT 'database ' || concat_ws(' ', oid, datname, datdba, encoding, datallowconn, datconnlimit, datacl) FROM pg_database
  UNION ALL
  SELECT 'setting ' || s::text FROM pg_db_role_setting s`;

const databaseSql = `
  SELECT concat_ws(' ', n.nspname, c.relname, c.relkind, c.relowner, c.relacl, pg_relation_filenode(c.oid),
                   s.n_tup_ins, s.n_tup_upd, s.n_tup_del) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`;

async function postgres(lab: Lab): Promise<string[]> {
  const lines = (database: string, sql: string) =>
    asAdmin(lab, database, async (client) =>
      (await client.query<{ line: string }>(sql)).rows.map(({ line }) => line),
    );
  const databases = await lines(
    "postgres",
    "SELECT datname AS line FROM pg_database WHERE datallowconn AND NOT datistemplate",
  );
  const inside = await Promise.all(
    databases.map(async (name) => (await lines(name, databaseSql)).map((line) => `in ${name}: ${line}`)),
  );
  return [...(await lines("postgres", serverSql)), ...inside.flat()];
}
