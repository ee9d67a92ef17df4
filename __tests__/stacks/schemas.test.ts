import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { homelab } from "../../environments/homelab";
import { synthesize, type Json } from "./synthesize";

const schemas = resolve(__dirname, "../../../shared/provider-schemas");
const here = existsSync(schemas);
if (!here) console.log(`skipped: the schemas of the real providers are not at ../shared/provider-schemas`);

interface Block {
  readonly attributes?: Readonly<
    Record<string, { readonly required?: boolean; readonly optional?: boolean }>
  >;
  readonly block_types?: Readonly<Record<string, unknown>>;
}

/** What Terraform takes in any resource. */
const meta = new Set(["//", "count", "depends_on", "lifecycle", "timeouts", "provider"]);

const kinds = { resource: "resources", data: "data_sources", ephemeral: "ephemeral_resources" } as const;

/** Every block that the homelab's stacks have, in every phase and with a rotation: where it is, its type, what it sets. */
function blocks(): {
  readonly at: string;
  readonly type: string;
  readonly kind: string;
  readonly block: Json;
}[] {
  const variants = (["prepared", "cutover", "settled"] as const).flatMap((phase) =>
    [1, 2].map((passwordVersion) =>
      synthesize({
        ...homelab,
        monitoring: {},
        services: homelab.services.map((service) => ({
          ...service,
          phase: service.definition.source === undefined ? "prepared" : phase,
          passwordVersion,
        })),
      }),
    ),
  );
  return variants.flatMap((stacks) =>
    Object.entries(stacks).flatMap(([stack, json]) =>
      Object.entries(kinds).flatMap(([key, kind]) =>
        Object.entries((json[key] ?? {}) as Json).flatMap(([type, named]) =>
          Object.entries(named as Json).map(([name, block]) => ({
            at: `${stack}: ${key}.${type}.${name}`,
            type,
            kind,
            block: block as Json,
          })),
        ),
      ),
    ),
  );
}

(here ? test : test.skip)(
  "every attribute of every block is one that the real provider takes, and none it needs is missing",
  () => {
    const loaded = new Map<string, Json>();
    const load = (provider: string): Json => {
      if (!loaded.has(provider))
        loaded.set(provider, JSON.parse(readFileSync(join(schemas, `${provider}.json`), "utf8")) as Json);
      return loaded.get(provider)!;
    };
    const wrong: string[] = [];
    const all = blocks();
    for (const { at, type, kind, block } of all) {
      const schema = load(type.split("_")[0]!)[kind]?.[type] as Block | undefined;
      if (schema === undefined) {
        wrong.push(`${at}: no such type`);
        continue;
      }
      const { attributes = {}, block_types = {} } = schema;
      for (const name of Object.keys(block).filter((key) => !meta.has(key))) {
        const attribute = attributes[name];
        if (!(name in block_types) && !(attribute?.required || attribute?.optional))
          wrong.push(`${at}: ${name} cannot be set`);
      }
      for (const [name, { required }] of Object.entries(attributes))
        if (required && block[name] === undefined) wrong.push(`${at}: ${name} is missing`);
    }
    expect(wrong).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  },
);
