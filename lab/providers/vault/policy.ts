import { resource, type Context } from "../protocol/provider";
import { optionalComputed, required, text } from "../protocol/schema";
import type { VaultOf } from "./client";

const attributes = {
  id: optionalComputed(text),
  name: required(text, { forceNew: true }),
  policy: required(text),
};

/** An ACL policy; `id` is its name. */
export const policy = resource<VaultOf>()({
  attributes,
  create: (wanted, _config, context) => put(wanted, context),
  async read(state, { client }) {
    const vault = await client();
    const name = state.id ?? "";
    const found = await vault.read(at(name));
    return found ? { id: name, name, policy: String(found.policy) } : null;
  },
  update: (_prior, wanted, _config, context) => put(wanted, context),
  async delete(state, { client }) {
    const vault = await client();
    await vault.delete(at(state.id ?? ""));
  },
  import: (id) => ({ id }),
});

async function put(
  wanted: { id: string | null; name: string; policy: string },
  { client }: Context<VaultOf>,
) {
  const vault = await client();
  await vault.write(at(wanted.name), { policy: wanted.policy });
  return { ...wanted, id: wanted.name };
}

function at(name: string): string {
  return `sys/policies/acl/${name}`;
}
