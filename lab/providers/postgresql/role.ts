import { Fault } from "../protocol/fault";
import { resource } from "../protocol/provider";
import { asMemberOf, lockRole } from "./privileged";
import { readRole } from "./role-read";
import { alterRole, createRole } from "./role-write";
import type { PostgresOf } from "./server";
import { identifier } from "./sql";
import { attributes } from "./role-attributes";

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
