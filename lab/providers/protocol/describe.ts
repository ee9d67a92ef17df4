import type { WireAttribute, WireBlock } from "./messages";
import type { Attributes } from "./schema";

/** Attributes as Terraform is told of them. */
export function describe(attributes: Attributes): { version: number; block: WireBlock } {
  return { version: 0, block: describeBlock(attributes) };
}

/** Several types by name, as Terraform is told of them. */
export function describeAll(types: Readonly<Record<string, { attributes: Attributes }>> = {}) {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, describe(type.attributes)]));
}

function describeBlock(attributes: Attributes): WireBlock {
  const described: WireBlock = { attributes: [], blockTypes: [] };
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.block) {
      described.blockTypes.push({ typeName: name, nesting: "SINGLE", block: describeBlock(attribute.block) });
    } else {
      described.attributes.push(describeAttribute(name, attribute));
    }
  }
  return described;
}

function describeAttribute(name: string, attribute: Attributes[string]): WireAttribute {
  return {
    name,
    type: Buffer.from(JSON.stringify(attribute.type)),
    required: attribute.required ?? false,
    optional: attribute.optional ?? false,
    computed: attribute.computed ?? false,
    sensitive: attribute.sensitive ?? false,
    deprecated: attribute.deprecated ?? false,
    writeOnly: attribute.writeOnly ?? false,
  };
}
