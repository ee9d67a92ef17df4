/** A service with a PostgreSQL of its own, as Immich has one: an older server, a task beside the app. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Client } from "pg";
import { catalogueImmich, embeddedDataFolder, embeddedSettings } from "../../environments/lab";
import type { EmbeddedSource } from "../../services/definition";
import type { LabService } from "../deployment";
import { extensions, library, schema } from "../samples/immich/schema";
import { embeddedMajor } from "../servers/embedded";
import type { Lab } from "../servers/lab";
import { postgresPrograms, startPostgres, unprivileged } from "../servers/postgres";
import { writeSecret } from "../servers/vault";
import { expectThat } from "./expectations";
import { proveSame, type Proof } from "./proof";
import type { LabSource } from "./lab-source";
import { digest, lastSnapshot } from "./snapshots";

const photos = 5_000;
const password = "typed-in-by-hand";
const source = catalogueImmich.source as EmbeddedSource;

const folderOf = (lab: Lab, { volume }: LabService) => lab.volumes[volume]!;

/** Does something in a database. */
type Within = <T>(database: string, work: (client: Client) => Promise<T>) => Promise<T>;

/** Does something on the embedded server, which ends in order afterwards. */
async function onServer<T>(directory: string, work: (within: Within) => Promise<T>): Promise<T> {
  const programs = await postgresPrograms(embeddedMajor);
  const server = await startPostgres({ directory, programs, password, fsync: false });
  const { host, port, user } = server;
  const within: Within = async (database, inDatabase) => {
    const client = new Client({ host, port, user, password, database });
    try {
      await client.connect();
      return await inDatabase(client);
    } finally {
      await client.end();
    }
  };
  try {
    return await work(within);
  } finally {
    await server.stop();
  }
}

export const embedded: LabSource<LabService> = {
  async seed(lab, service) {
    await onServer(folderOf(lab, service), async (within) => {
      await within("postgres", (client) => client.query(`CREATE DATABASE ${source.database}`));
      await within(source.database, async (client) => {
        for (const name of extensions) await client.query(`CREATE EXTENSION "${name}"`);
        await client.query(`${schema}; ${library(photos)}`);
      });
    });
    await writeSecret(lab.vault, source.password.secret, {
      [source.password.field]: password,
      redis_password: "typed-in-by-hand",
    });
  },

  job(lab, { port, sourcePort, volume, environment }) {
    const { path: destination } = source.volume;
    return {
      program: "immich",
      health: "/api/server/ping",
      volumes: [],
      environment: {
        ...source.environment,
        DB_PORT: String(sourcePort),
        DB_PASSWORD: password,
        IMMICH_PORT: String(port),
        ...environment,
      },
      beside: {
        name: "postgres",
        command: [
          path.join(lab.embedded!.server, "bin/postgres"),
          ...["-D", path.join(destination, embeddedDataFolder), "-p", String(sourcePort)],
          ...embeddedSettings,
        ],
        volumes: [{ volume, destination }],
      },
    };
  },

  /** By a server on a copy of the old data, which nothing may touch. */
  async prove(lab, service, server) {
    const copy = path.join(lab.directory, `proof-${service.name}`);
    await fs.cp(folderOf(lab, service), copy, { recursive: true, preserveTimestamps: true });
    await giveToServer(copy);
    try {
      return await onServer(copy, (within) =>
        within(source.database, (client) => compareAll(client, server)),
      );
    } finally {
      await fs.rm(copy, { recursive: true, force: true });
    }
  },

  async proveUntouched(lab, service) {
    const original = path.join(folderOf(lab, service), embeddedDataFolder);
    const copy = path.join(await lastSnapshot(lab, service), "data");
    let bytes = 0;
    for (const entry of await fs.readdir(original, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(original, file);
      const [before, after] = await Promise.all([digest(file), digest(path.join(copy, name))]);
      expectThat(
        before.sha256 === after.sha256,
        `${service.name}: ${name} of its old data is not what the snapshot holds`,
      );
      bytes += before.bytes;
    }
    return bytes;
  },
};

/** Writes to the old data, as somebody does who starts the old server for a look. */
export async function changeEmbedded(lab: Lab, service: LabService): Promise<void> {
  await giveToServer(folderOf(lab, service));
  await onServer(folderOf(lab, service), (within) =>
    within(source.database, (client) => client.query("UPDATE asset SET \"originalPath\" = '/changed.jpg'")),
  );
}

/** PostgreSQL wants to own its data. */
async function giveToServer(folder: string): Promise<void> {
  const { uid, gid } = unprivileged;
  await fs.chown(folder, uid, gid);
  for (const name of await fs.readdir(folder, { recursive: true }))
    await fs.chown(path.join(folder, name), uid, gid);
}

const printed = "SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = 'hex'";

async function compareAll(before: Client, after: Client): Promise<Proof> {
  await before.query(printed);
  await after.query(printed);
  const found = await before.query<{ name: string; columns: string[] }>(`
    SELECT table_name AS name, array_agg(column_name::text ORDER BY column_name) AS columns
    FROM information_schema.columns JOIN pg_tables ON schemaname = table_schema AND tablename = table_name
    WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1`);
  const tables = [];
  for (const { name, columns } of found.rows) {
    const values = columns.map((column) => `${before.escapeIdentifier(column)}::text`).join(", ");
    const text = `SELECT ${values} FROM public.${before.escapeIdentifier(name)}`;
    const rowsOf = async (client: Client) => {
      const { rows } = await client.query<(string | null)[]>({ text, rowMode: "array" });
      return rows.map((row) => JSON.stringify(row)).sort();
    };
    tables.push(proveSame(name, columns, await rowsOf(before), await rowsOf(after)));
  }
  return { tables, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
}
