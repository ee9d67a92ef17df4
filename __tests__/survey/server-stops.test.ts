import { homelab } from "../../environments/homelab";
import { Port } from "../../nomad/port";
import { Size } from "../../nomad/size";
import { HostVolume } from "../../nomad/volume";
import type { ServerJob } from "../../services/server-job";
import { majorOf, serverStops, type SeenServer } from "../../survey/server-stops";

const job: ServerJob = {
  port: Port.onHost(5432),
  volume: HostVolume.named("postgres_data").at("/var/lib/postgresql/data"),
  node: "client-1",
  resources: { cpuMegahertz: 1000, memory: Size.gibibytes(1) },
};
const runs = {
  group: "postgresql",
  volume: "postgres_data",
  path: "/var/lib/postgresql/data",
  dataDirectory: "/var/lib/postgresql/data/pgdata",
};
const takenOver = { existing: "taken-over", existingSecret: true } as const;
const deployed = {
  job: { namespace: "default" },
  secret: { name: "postgres/admin", version: 1 },
  tainted: [],
};
const nothing = { tainted: [] };

function stops(change: Partial<ServerJob>, seen: Partial<SeenServer>, known: object = deployed): string[] {
  const environment = { ...homelab, server: { ...homelab.server, job: { ...job, ...change } } };
  return serverStops(environment, known as never, {
    data: [runs],
    version: "16.14",
    adminSecret: "present",
    ...seen,
  });
}

test("a server that is as the environment says may be deployed; a new one, too", () => {
  expect(stops({}, {})).toEqual([]);
  expect(stops({}, { data: null, version: undefined, adminSecret: "absent" }, nothing)).toEqual([]);
  expect(stops({ existing: "watched" }, {}, nothing)).toEqual([]);
  expect(stops({ existing: "taken-over", existingSecret: true }, {}, nothing)).toEqual([]);
});

test("a job or a secret that is there already, and not in the state, is not written over", () => {
  expect(stops({}, {}, nothing)).toEqual([
    expect.stringContaining("The job postgresql already runs"),
    expect.stringContaining("The secret secret/postgres/admin already exists"),
  ]);
});

test("a job that is said to exist and does not", () => {
  expect(stops({ existing: "taken-over", existingSecret: true }, { data: null }, nothing)).toEqual([
    expect.stringContaining("Nomad has no job postgresql"),
  ]);
});

test("another task group, which Nomad would start before the old one has ended", () => {
  const data = [{ ...runs, group: "postgres" }];
  expect(stops(takenOver, { data }, nothing)).toEqual([
    expect.stringContaining('Set server.job.group to "postgres"'),
  ]);
  expect(stops({}, { data })).toHaveLength(1);
  expect(stops({ ...takenOver, group: "postgres" }, { data }, nothing)).toEqual([]);
  expect(stops({ existing: "watched" }, { data }, nothing)).toEqual([]);
});

test("another volume, and another folder of it", () => {
  const other = HostVolume.named("postgres_new").at("/var/lib/postgresql/data");
  expect(stops({ volume: other }, {})).toEqual([
    expect.stringContaining(
      "has its data in the host volume postgres_data, and server.job.volume names postgres_new",
    ),
  ]);
  expect(stops({ dataDirectory: "/var/lib/postgresql/data/data" }, {})).toEqual([
    expect.stringContaining("Set server.job.dataDirectory"),
  ]);
  // The same folder of the volume, which another image has at another path.
  expect(
    stops({ volume: HostVolume.named("postgres_data").at("/data"), dataDirectory: "/data/pgdata" }, {}),
  ).toEqual([]);
});

const logins = { md5: [], elsewhere: [], unencrypted: [], preloaded: ["vectors.so"] };

test("roles that pgmoor's pg_hba.conf would not let in", () => {
  const locked = (change: object, job: Partial<ServerJob> = {}) =>
    stops({ ...takenOver, ...job }, { logins: { ...logins, ...change } }, nothing);
  expect(locked({ md5: ["gitea"] })).toEqual([
    expect.stringContaining("the passwords of gitea as MD5 hashes"),
  ]);
  expect(locked({ elsewhere: ["metrics in gitea"] })).toEqual([
    expect.stringContaining("sessions of metrics in gitea"),
  ]);
  expect(
    locked({ elsewhere: ["metrics in gitea"] }, { hba: ["host all metrics 10.0.0.7/32 scram-sha-256"] }),
  ).toEqual([]);
  // Whose job is ours already, or stays as it is, is nobody's surprise.
  expect(stops({}, { logins: { ...logins, md5: ["gitea"] } })).toEqual([]);
  expect(stops({ existing: "watched" }, { logins: { ...logins, md5: ["gitea"] } }, nothing)).toEqual([]);
});

test("a library that would no longer be preloaded", () => {
  const preloaded = (...libraries: string[]) =>
    stops(takenOver, { logins: { ...logins, preloaded: libraries } }, nothing);
  expect(preloaded("vectors", "pg_stat_statements")).toEqual([]);
  expect(preloaded("vchord.so")).toEqual([expect.stringContaining("preloads vchord.so")]);
});

test("sessions without encryption, on a server that is to refuse them", () => {
  const tls = { role: "postgresql", names: ["postgresql.service.consul"], only: true } as const;
  const plain = { logins: { ...logins, unencrypted: ["gitea", "postgres"] } };
  expect(stops({ tls }, plain)).toEqual([expect.stringContaining("gitea has sessions without it")]);
  expect(stops({ tls: { ...tls, only: false } }, plain)).toEqual([]);
});

test("another major version", () => {
  expect(stops({}, { version: "15.18" })).toEqual([
    expect.stringContaining(
      "The server runs PostgreSQL 15, and server.image is tensorchord/pgvecto-rs:pg16-v0.2.0",
    ),
  ]);
});

test.each([
  ["postgres:16-alpine", 16],
  ["postgres:16", 16],
  ["postgres:17.2-bookworm", 17],
  ["tensorchord/pgvecto-rs:pg16-v0.2.0", 16],
  ["pgvector/pgvector:pg17", 17],
  ["ghcr.io/immich-app/postgres:16-vectorchord0.4.3-pgvectors0.2.0", 16],
  ["registry.example/my-postgres:v3", undefined],
])("the major version of %s is %s", (image, major) => {
  expect(majorOf(image)).toBe(major);
});
