import { HealthCheck } from "../nomad/check";
import { libpq } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { Size } from "../nomad/size";
import { HostVolume } from "../nomad/volume";
import type { ServiceDefinition } from "./definition";
import type { Rule } from "./rules";

/** What each sequence numbers. Source: Synapse's own `synapse_port_db`, which sets the same ones. */
const numbered: Readonly<Record<string, readonly (readonly [table: string, column: string])[]>> = {
  state_group_id_seq: [["state_groups", "id"]],
  events_stream_seq: [["events", "stream_ordering"]],
  un_partial_stated_event_stream_sequence: [["un_partial_stated_event_stream", "stream_id"]],
  device_inbox_sequence: [
    ["device_inbox", "stream_id"],
    ["device_federation_outbox", "stream_id"],
  ],
  account_data_sequence: [
    ["room_account_data", "stream_id"],
    ["room_tags_revisions", "stream_id"],
    ["account_data", "stream_id"],
  ],
  receipts_sequence: [["receipts_linearized", "stream_id"]],
  presence_stream_sequence: [["presence_stream", "stream_id"]],
  event_auth_chain_id: [["event_auth_chains", "chain_id"]],
  application_services_txn_id_seq: [["application_services_txns", "txn_id"]],
  device_lists_sequence: [
    ["device_lists_stream", "stream_id"],
    ["user_signature_stream", "stream_id"],
    ["device_lists_outbound_pokes", "stream_id"],
    ["device_lists_changes_in_room", "stream_id"],
    ["device_lists_remote_pending", "stream_id"],
    ["device_lists_changes_converted_stream_position", "stream_id"],
  ],
  e2e_cross_signing_keys_sequence: [["e2e_cross_signing_keys", "stream_id"]],
  push_rules_stream_sequence: [["push_rules_stream", "stream_id"]],
  pushers_sequence: [
    ["pushers", "id"],
    ["deleted_pushers", "stream_id"],
  ],
  quarantined_media_id_seq: [["quarantined_media_changes", "stream_id"]],
  profile_updates_sequence: [["profile_updates", "stream_id"]],
};

const sequences = Object.entries(numbered).flatMap(([sequence, columns]) =>
  columns.map(([table, column]): Rule => ({ kind: "sequence", sequence, table, column })),
);

/** Full-text search has other columns on each side. */
const search: readonly Rule[] = [
  { kind: "skip-column", table: "event_search", column: "value" },
  { kind: "skip-column", table: "user_directory_search", column: "value" },
  ...["vector", "origin_server_ts", "stream_ordering"].map((column): Rule => ({
    kind: "leave-on-server",
    table: "event_search",
    column,
  })),
  { kind: "leave-on-server", table: "user_directory_search", column: "vector" },
];

/** For workers, which a server on SQLite cannot have. */
const ofWorkers: readonly Rule[] = [
  { kind: "skip-table", table: "cache_invalidation_stream_by_instance" },
  { kind: "leave-on-server", table: "cache_invalidation_stream_by_instance" },
  { kind: "skip-table", table: "instance_map" },
];

/**
 * Synapse: a homeserver of Matrix.
 * Sources: https://element-hq.github.io/synapse/latest/postgres.html (`database`, psycopg2 takes libpq's arguments),
 * https://github.com/element-hq/synapse/tree/develop/docker (`SYNAPSE_CONFIG_PATH`, `/data`, port), `update_synapse_database --help`.
 * Seen with 1.163.2: moved, used, moved back and used again; what `synapse_port_db` made of the same file is the same but for
 * search, which `docs/move-a-service.md` says how to fill.
 *
 * It reads its database from a file. Put a copy of `homeserver.yaml` beside it, `homeserver-postgres.yaml`, with
 * `database: {name: psycopg2, args: {dbname: synapse}}`: the rest comes in libpq's variables.
 */
export const synapse: ServiceDefinition = {
  name: "synapse",
  program: { driver: "docker", image: "matrixdotorg/synapse:v1.163.2", network: "bridge" },
  port: Port.onHost(8008),
  volumes: [HostVolume.named("synapse_data").at("/data")],
  health: HealthCheck.http("/health"),
  resources: { cpuMegahertz: 1000, memory: Size.mebibytes(2048) },
  database: { connectionLimit: 30 },
  dsn: { ...libpq, fixed: { SYNAPSE_CONFIG_PATH: "/data/homeserver-postgres.yaml" } },
  source: {
    kind: "sqlite",
    file: "/data/homeserver.db",
    environment: { SYNAPSE_CONFIG_PATH: "/data/homeserver.yaml" },
    schema: {
      kind: "command",
      command: [
        "update_synapse_database",
        "--database-config",
        "/data/homeserver-postgres.yaml",
        "--run-background-updates",
      ],
    },
    // Other files for each database.
    migrationTables: [{ table: "applied_schema_deltas", compare: "nothing" }],
    rules: [
      ...sequences,
      {
        kind: "sequence",
        sequence: "events_backfill_stream_seq",
        table: "events",
        column: "stream_ordering",
        negated: true,
      },
      // Users without a name of their own are called `@7:example.com`.
      { kind: "sequence", sequence: "user_id_seq", table: "users", column: "name", prefix: "@" },
      ...search,
      ...ofWorkers,
    ],
  },
};
