import { Fault } from "../protocol/fault";
import { resource } from "../protocol/provider";
import {
  bool,
  defaulted,
  listOf,
  number,
  optional,
  optionalComputed,
  required,
  setOf,
  text,
  writeOnly,
} from "../protocol/schema";
import { UNKNOWN, Unknown } from "../protocol/value";
import { asMemberOf, lockRole } from "./privileged";
import { readRole } from "./role-read";
import { alterRole, createRole } from "./role-write";
import type { PostgresOf } from "./server";
import { identifier } from "./sql";

// Without the attribute `password`, which would land in the state.
export const attributes = {
  id: optionalComputed(text),
  name: required(text),
  password_wo: writeOnly(text, { sensitive: true }),
  password_wo_version: optional(text),
  encrypted_password: defaulted(bool, true),
  valid_until: defaulted(text, "infinity", { same: sameTime }),
  login: defaulted(bool, false),
  superuser: defaulted(bool, false),
  create_database: defaulted(bool, false),
  create_role: defaulted(bool, false),
  inherit: defaulted(bool, true),
  replication: defaulted(bool, false),
  bypass_row_level_security: defaulted(bool, false),
  connection_limit: defaulted(number, -1),
  roles: optional(setOf(text)),
  search_path: optional(listOf(text)),
  statement_timeout: optional(number),
  idle_in_transaction_session_timeout: optional(number),
  assume_role: optional(text),
  skip_reassign_owned: defaulted(bool, false),
  skip_drop_role: defaulted(bool, false),
};

/** A role, `id` its name. */
export const role = resource<PostgresOf>()({
  attributes,
  validate(config) {
    const faults: Fault[] = [];
    if ((config.password_wo === null) !== (config.password_wo_version === null)) {
      faults.push(new Fault("password_wo and password_wo_version are set together or not at all"));
    }
    if (config.encrypted_password === false) {
      faults.push(new Fault("PostgreSQL keeps no password in clear", "Leave encrypted_password out."));
    }
    if (typeof config.connection_limit === "number" && config.connection_limit < -1) {
      faults.push(
        new Fault("connection_limit must be -1 or more", "-1 is no limit.", {
          attribute: "connection_limit",
        }),
      );
    }
    if (Array.isArray(config.search_path) && config.search_path.some((part) => part.includes(", "))) {
      faults.push(new Fault("A part of search_path cannot hold ', '", "", { attribute: "search_path" }));
    }
    return faults;
  },
  plan({ prior, planned }) {
    if (prior && (planned.name instanceof Unknown || planned.name !== prior.name)) planned.id = UNKNOWN;
  },
  async create(wanted, config, { client }) {
    await client().transaction((session) => createRole(session, wanted, config.password_wo));
    return { ...wanted, id: wanted.name };
  },
  read: (state, { client }) => readRole(client(), state.id ?? "", state),
  async update(prior, wanted, config, { client }) {
    const rotated = prior.password_wo_version !== wanted.password_wo_version;
    await client().transaction(async (session) => {
      await lockRole(session, prior.name ?? "");
      await alterRole(session, prior, wanted, rotated ? config.password_wo : null);
    });
    return { ...wanted, id: wanted.name };
  },
  async delete(state, { client }) {
    const postgres = client();
    const name = state.name ?? "";
    await postgres.transaction(async (session) => {
      await lockRole(session, name);
      if (!state.skip_reassign_owned) {
        await asMemberOf(session, [name], async () => {
          await session.query(`REASSIGN OWNED BY ${identifier(name)} TO ${identifier(postgres.user)}`);
          await session.query(`DROP OWNED BY ${identifier(name)}`);
        });
      }
      if (!state.skip_drop_role) await session.query(`DROP ROLE ${identifier(name)}`);
    });
  },
  import: (id) => ({ id }),
});

function sameTime(a: string, b: string): boolean {
  return a === b || (Date.parse(a) === Date.parse(b) && !Number.isNaN(Date.parse(a)));
}
