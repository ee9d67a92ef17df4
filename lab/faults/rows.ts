/** Rows that a service acknowledged, looked for in its database: not by asking the service. */
import Database from "libsql";
import * as path from "node:path";
import { Client } from "pg";
import { catalogueImmich } from "../../environments/lab";
import type { EmbeddedSource } from "../../services/definition";
import type { LabService } from "../deployment";
import type { Lab } from "../servers/lab";
import { databaseOf, readSecret } from "../story/context";
import type { Side } from "../story/services";
import { handOver, sourceFile, type SqliteService } from "../story/sqlite-source";

/** Where a sample program keeps the rows that it adds, and by which path it is asked to. */
interface Collection {
  readonly path: string;
  readonly table: string;
  readonly key: string;
}

const notes: Collection = { path: "/notes", table: "notes", key: "n" };

const collections: Readonly<Record<LabService["sample"], Collection>> = {
  vaultwarden: { path: "/items", table: "ciphers", key: "uuid" },
  "speedtest-tracker": { path: "/results", table: "results", key: "id" },
  immich: { path: "/assets", table: "asset", key: "id" },
  freshrss: notes,
  gitea: notes,
  nextcloud: notes,
  authelia: notes,
  grafana: notes,
};

/** Asks the service for a row, and returns its key once the service has acknowledged it. */
export async function addRow({ name, sample, port }: LabService): Promise<string> {
  const { path: collection, key } = collections[sample];
  const response = await fetch(`http://127.0.0.1:${port}${collection}`, {
    method: "POST",
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`${name} takes no row: HTTP ${response.status}`);
  const row = (await response.json()) as Record<string, unknown>;
  return String(row[key]);
}

/** The keys of all rows that a side holds. */
export async function keysOn(side: Side, lab: Lab, service: LabService): Promise<Set<string>> {
  const { table, key } = collections[service.sample];
  const sql = `SELECT ${key}::text AS key FROM ${table}`;
  if (side === "server") return query(await onServer(lab, service), sql);
  if (service.sample === "immich") return query(await onEmbedded(lab, service), sql);
  return inFile(lab, service as SqliteService, `SELECT ${key} AS key FROM ${table}`);
}

async function inFile(lab: Lab, service: SqliteService, sql: string): Promise<Set<string>> {
  const file = sourceFile(lab, service);
  const database = new Database(file, { readonly: true });
  try {
    return new Set((database.prepare(sql).all() as { key: unknown }[]).map(({ key }) => String(key)));
  } finally {
    database.close();
    await handOver(path.dirname(file));
  }
}

type Access = NonNullable<ConstructorParameters<typeof Client>[0]>;

async function query(access: Access, sql: string): Promise<Set<string>> {
  const client = new Client(access);
  await client.connect();
  try {
    const { rows } = await client.query<{ key: string }>(sql);
    return new Set(rows.map(({ key }) => key));
  } finally {
    await client.end();
  }
}

async function onServer(lab: Lab, service: LabService): Promise<Access> {
  const { username, password } = await readSecret(lab, "postgres/admin");
  const { host, port } = lab.postgres;
  return { host, port, user: username, password, database: databaseOf(service) };
}

async function onEmbedded(lab: Lab, { sourcePort }: LabService): Promise<Access> {
  const { user, database, password } = catalogueImmich.source as EmbeddedSource;
  const secret = await readSecret(lab, password.secret);
  return { host: "127.0.0.1", port: sourcePort, user, database, password: secret[password.field] };
}
