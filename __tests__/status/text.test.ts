import { columns } from "../../status/columns";
import type { Status } from "../../status/report";
import { statusText } from "../../status/text";

const status: Status = {
  pgmoor: "status",
  environment: "homelab",
  asked: "2026-11-25T15:04:05.678Z",
  servers: [
    { server: "Nomad", at: "http://10.0.0.50:4646", trouble: null },
    { server: "Vault", at: "http://10.0.0.30:8200", trouble: null },
    { server: "Consul", at: "http://10.0.0.50:8500", trouble: "does not answer" },
    { server: "PostgreSQL", at: "10.0.0.60:5432", trouble: null },
  ],
  connections: { open: 41, limit: 300 },
  services: [
    {
      service: "vaultwarden",
      phase: { declared: "cutover", real: "cutover" },
      up: null,
      job: {
        phase: "cutover",
        status: "running",
        stopped: false,
        version: 3,
        running: 1,
        wanted: 1,
        deployment: { status: "successful", description: "" },
      },
      health: { unknown: "Consul does not answer" },
      database: {
        name: "vaultwarden",
        bytes: 9_437_184,
        connections: { open: 3, limit: 20 },
        cacheHits: 0.99987,
      },
      tables: {
        tables: 28,
        rows: 2161,
        deadRows: 12,
        largest: [
          { table: "ciphers", bytes: 1_048_576 },
          { table: "users", bytes: 16_384 },
          { table: "folders", bytes: 8192 },
        ],
      },
      ledger: {
        attempt: 1,
        state: "confirmed",
        rows: 2161,
        confirmed: "2026-11-20T20:00:00.000Z",
        sourceChanged: null,
      },
      password: { version: 2, vaultVersion: 4, changed: "", days: 1, deleted: false, works: true },
      backup: {
        id: "20261125T030000Z",
        made: "2026-11-25T03:00:00.000Z",
        hours: 12,
        proved: "2026-11-25T05:00:00.000Z",
      },
      next: [{ what: "settle", how: "can be settled" }],
    },
    {
      service: "gitea",
      phase: { declared: "prepared", real: null },
      up: false,
      job: null,
      health: { unknown: "Consul does not answer" },
      database: { name: "gitea", bytes: null, connections: { open: 0, limit: -1 }, cacheHits: null },
      tables: { unknown: "Vault has no password for the role" },
      ledger: { unknown: "Vault has no password for the role" },
      password: null,
      backup: { id: "20261122T030000Z", made: "2026-11-22T03:00:00.000Z", hours: 84, proved: null },
      next: [],
    },
  ],
  retired: [],
};

test("the report, as a person reads it", () => {
  expect(statusText(status)).toBe(`homelab, 2026-11-25 15:04:05 UTC

server      address
Nomad       http://10.0.0.50:4646  answers
Vault       http://10.0.0.30:8200  answers
Consul      http://10.0.0.50:8500  does not answer
PostgreSQL  10.0.0.60:5432         answers, 41 of 300 connections

service      phase     job      deployment  health  password                        backup
vaultwarden  cutover   running  successful  ?       version 2 (Vault 4), 1 day old  12 hours old, proved 2026-11-25
gitea        prepared  -        -           ?       -                               3 days old, unproved

service      database       size  connections  cache hits   dead rows  largest tables
vaultwarden  vaultwarden  9.0 MB      3 of 20      99.9 %  12 (0.5 %)  ciphers 1.0 MB, users 16.0 kB
gitea        gitea             ?  0, no limit           -           ?  ?

service      attempt  state       rows  confirmed                source since
vaultwarden        1  confirmed  2,161  2026-11-20 20:00:00 UTC  unchanged

? gitea: Vault has no password for the role

What to do:
  vaultwarden: can be settled
`);
});

test("columns of any texts are lines that a terminal shows as they are", () => {
  expect(columns(["a"], [["x\ny\x1b[2J\x07\u202e"]])).toEqual(["a", "x?y?[2J??"]);
});
