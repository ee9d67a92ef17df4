import type { WireValue } from "./wire";

/** The messages of plugin6.proto that are more than one value, as proto-loader hands them over. */

export interface Diagnostic {
  severity: "ERROR" | "WARNING";
  summary: string;
  detail: string;
  attribute?: AttributePath;
}

export interface AttributePath {
  steps: { attributeName: string }[];
}

export interface Request {
  typeName: string;
  config: WireValue | null;
  rawState: { json: Uint8Array } | null;
  currentState: WireValue | null;
  priorState: WireValue | null;
  proposedNewState: WireValue | null;
  plannedState: WireValue | null;
  id: string;
}

export interface WireAttribute {
  name: string;
  type: Uint8Array;
  required: boolean;
  optional: boolean;
  computed: boolean;
  sensitive: boolean;
  deprecated: boolean;
  writeOnly: boolean;
}

export interface WireBlock {
  attributes: WireAttribute[];
  blockTypes: { typeName: string; nesting: "SINGLE"; block: WireBlock }[];
}
