import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pinned } from "../../../lab/providers/available";
import { describe as describeAttributes } from "../../../lab/providers/protocol/describe";
import type { WireBlock } from "../../../lab/providers/protocol/messages";
import type { Attributes } from "../../../lab/providers/protocol/schema";
import { allProviders } from "../../../lab/providers/serve";

/** As the real providers' schemas were written down: flags that are not there are false. */
interface RealBlock {
  attributes?: Record<string, { type: unknown } & Record<string, unknown>>;
  block_types?: Record<string, RealBlock & { nesting_mode: string }>;
  schema_version?: number;
}

interface RealProvider {
  provider: string;
  version: string;
  configuration: RealBlock;
  resources?: Record<string, RealBlock>;
  data_sources?: Record<string, RealBlock>;
  ephemeral_resources?: Record<string, RealBlock>;
}

const folder = join(__dirname, "../../../../shared/provider-schemas");
const providers = allProviders({}).map(
  (provider) => [provider.address.split("/").at(-1) ?? "", provider] as const,
);

/** Says in which way attributes of a stand-in are not as the real ones. */
function differences(where: string, ours: WireBlock, real: RealBlock | undefined): string[] {
  if (!real) return [`${where}: the real provider has none`];
  const found: string[] = [];
  for (const attribute of ours.attributes) {
    const { required, optional, computed, sensitive, deprecated, writeOnly } = attribute;
    const flags = { required, optional, computed, sensitive, deprecated, write_only: writeOnly };
    const theirs = real.attributes?.[attribute.name];
    const place = `${where}.${attribute.name}`;
    if (!theirs) {
      found.push(`${place}: the real provider has none`);
      continue;
    }
    const type = JSON.stringify(sorted(JSON.parse(Buffer.from(attribute.type).toString())));
    if (type !== JSON.stringify(sorted(theirs.type))) found.push(`${place}: type ${type}`);
    for (const [flag, value] of Object.entries(flags)) {
      if (value !== (theirs[flag] ?? false)) found.push(`${place}: ${flag} is ${value}`);
    }
  }
  for (const { typeName, nesting, block } of ours.blockTypes) {
    const theirs = real.block_types?.[typeName];
    if (theirs?.nesting_mode !== nesting.toLowerCase())
      found.push(`${where}.${typeName}: nesting ${nesting}`);
    found.push(...differences(`${where}.${typeName}`, block, theirs));
  }
  return found;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}

const compare = existsSync(folder) ? test : test.skip;
if (!existsSync(folder)) {
  process.stderr.write(
    `Skipped: the stand-ins' schemas are not compared, ${folder} with the real ones is not there\n`,
  );
}

compare.each(providers)("what the %s stand-in declares, the real provider has just so", (name, provider) => {
  const real = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as RealProvider;
  const kinds = [
    ["resource", provider.resources, real.resources],
    ["data source", provider.dataSources, real.data_sources],
    ["ephemeral", provider.ephemeral, real.ephemeral_resources],
  ] as const;
  const found = differences(
    `provider ${name}`,
    describeAttributes(provider.attributes).block,
    real.configuration,
  );
  for (const [kind, ours, theirs] of kinds) {
    for (const [type, { attributes }] of Object.entries<{ attributes: Attributes }>(ours ?? {})) {
      const described = describeAttributes(attributes);
      found.push(...differences(`${kind} ${type}`, described.block, theirs?.[type]));
      if (described.version !== (theirs?.[type]?.schema_version ?? 0)) found.push(`${type}: schema version`);
    }
  }

  expect(found).toEqual([]);
  expect(provider.address).toBe(real.provider);
  expect(pinned[name as keyof typeof pinned].version).toBe(real.version);
});

test("Nomad's address need not be configured where the environment has it, as with the real provider", () => {
  const addressIn = (env: NodeJS.ProcessEnv) =>
    allProviders(env).find(({ address }) => address.endsWith("/nomad"))?.attributes.address;

  expect(addressIn({})).toMatchObject({ required: true });
  expect(addressIn({ NOMAD_ADDR: "http://127.0.0.1:4646" })).toMatchObject({ optional: true });
});
