import {
  optionalComputed,
  text,
  required,
  writeOnly,
  optional,
  defaulted,
  bool,
  number,
  setOf,
  listOf,
} from "../protocol/schema";

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

function sameTime(a: string, b: string): boolean {
  return a === b || (Date.parse(a) === Date.parse(b) && !Number.isNaN(Date.parse(a)));
}
