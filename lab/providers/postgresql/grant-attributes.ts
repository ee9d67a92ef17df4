import {
  optionalComputed,
  text,
  required,
  optional,
  setOf,
  defaulted,
  bool,
  type State,
} from "../protocol/schema";

export const attributes = {
  id: optionalComputed(text),
  role: required(text, { forceNew: true }),
  database: required(text, { forceNew: true }),
  schema: optional(text, { forceNew: true }),
  object_type: required(text, { forceNew: true }),
  objects: optional(setOf(text), { forceNew: true }),
  privileges: required(setOf(text)),
  with_grant_option: defaulted(bool, false, { forceNew: true }),
};

export type Grant = State<typeof attributes>;
