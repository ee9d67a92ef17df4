import { describe, describeAll } from "./describe";
import { Fault, wordsOf } from "./fault";
import type { AttributePath, Diagnostic, Request } from "./messages";
import {
  checkPlanned,
  freshen,
  known,
  mapAttributes,
  propose,
  refresh,
  replacing,
  settle,
} from "./planned-values";
import type { AnyResource, Context, Provider } from "./provider";
import { objectType, type Attributes, type Wanted } from "./schema";
import { hasUnknown, type Fields } from "./value";
import { decodeFields, encode, fromJson, type WireValue } from "./wire";

/** Answers one request; `session` holds what the asking provider instance was configured with. */
export type Handler = (request: Request, session: Session) => Promise<object> | object;

/** One configured instance of a provider: an alias, or one of several Terraforms at work. */
export interface Session {
  client: unknown;
  readonly interrupt: AbortController;
}

/** The methods of the protocol, for one provider. */
export function handlersOf(provider: Provider): Record<string, Handler> {
  const { resources = {}, dataSources = {}, ephemeral = {} } = provider;
  const resourceOf = (request: Request) => typeNamed(resources, request.typeName);

  return {
    GetProviderSchema: () => ({
      provider: describe(provider.attributes),
      resourceSchemas: describeAll(resources),
      dataSourceSchemas: describeAll(dataSources),
      ephemeralResourceSchemas: describeAll(ephemeral),
      serverCapabilities: { planDestroy: false, getProviderSchemaOptional: true },
    }),
    ValidateProviderConfig: () => ({}),
    ConfigureProvider(request, session) {
      session.client = provider.configure(decodeOr(provider.attributes, request.config));
      return {};
    },
    // The server has interrupted the session by then.
    StopProvider: () => ({}),

    ValidateResourceConfig(request) {
      const type = resourceOf(request);
      const faults = type.validate?.(decodeOr(type.attributes, request.config)) ?? [];
      return { diagnostics: faults.map(toDiagnostic) };
    },
    UpgradeResourceState(request) {
      // A state the real provider wrote may hold attributes that the stand-in does not know.
      const type = objectType(resourceOf(request).attributes);
      const json: unknown = JSON.parse(Buffer.from(request.rawState?.json ?? "null").toString());
      return { upgradedState: encode(type, fromJson(type, json)) };
    },
    async ReadResource(request, session) {
      const type = resourceOf(request);
      const state = decodeOr(type.attributes, request.currentState);
      const read = await type.read(state, contextOf(session));
      return { newState: encodeOf(type, read && refresh(type.attributes, state, read as Fields)) };
    },
    PlanResourceChange: (request, session) => plan(resourceOf(request), request, session),
    ApplyResourceChange: (request, session) => apply(resourceOf(request), request, session),
    ImportResourceState(request) {
      const type = resourceOf(request);
      if (!type.import) throw new Fault(`A ${request.typeName} cannot be imported`);
      const found = type.import(request.id) as Fields;
      const state = mapAttributes(type.attributes, (name) => found[name] ?? null);
      return { importedResources: [{ typeName: request.typeName, state: encodeOf(type, state) }] };
    },

    ValidateDataResourceConfig: () => ({}),
    async ReadDataSource(request, session) {
      const type = typeNamed(dataSources, request.typeName);
      const config = withDefaults(type.attributes, decodeOr(type.attributes, request.config));
      const state = await type.read(config, contextOf(session));
      return { state: encodeOf(type, state as Fields) };
    },

    ValidateEphemeralResourceConfig(request) {
      const type = typeNamed(ephemeral, request.typeName);
      const faults = type.validate?.(decodeOr(type.attributes, request.config)) ?? [];
      return { diagnostics: faults.map(toDiagnostic) };
    },
    async OpenEphemeralResource(request, session) {
      const type = typeNamed(ephemeral, request.typeName);
      const config = decodeOr(type.attributes, request.config);
      const result = await type.open(config, contextOf(session));
      return { result: encodeOf(type, result as Fields) };
    },
    RenewEphemeralResource: () => ({}),
    CloseEphemeralResource: () => ({}),
  };
}

async function plan(type: AnyResource<unknown>, request: Request, session: Session): Promise<object> {
  const { attributes } = type;
  const wire = objectType(attributes);
  const prior = decodeFields(wire, request.priorState);
  const config = decodeFields(wire, request.config);
  if (decodeFields(wire, request.proposedNewState) === null || config === null) {
    return { plannedState: encode(wire, null) };
  }
  const planned = propose(attributes, prior, config);
  const replace: string[] = [];
  const warnings: Fault[] = [];
  await type.plan?.({ prior: prior, config, planned, replace, warnings }, contextOf(session));
  freshen(attributes, prior, config, planned);
  checkPlanned(attributes, prior, config, planned);
  return {
    plannedState: encode(wire, planned),
    requiresReplace: [...replacing(attributes, prior, planned), ...replace].map(pathTo),
    diagnostics: warnings.map(toDiagnostic),
    legacyTypeSystem: true,
  };
}

async function apply(type: AnyResource<unknown>, request: Request, session: Session): Promise<object> {
  const wire = objectType(type.attributes);
  const prior = decodeFields(wire, request.priorState);
  const planned = decodeFields(wire, request.plannedState);
  const context = contextOf(session);
  try {
    if (planned === null) {
      if (prior) await type.delete(prior, context);
      return { newState: encode(wire, null) };
    }
    const wanted = known(type.attributes, planned) as Wanted<Attributes>;
    const config = known(type.attributes, decodeOr(type.attributes, request.config)) as Wanted<Attributes>;
    const made = prior
      ? await type.update(prior, wanted, config, context)
      : await type.create(wanted, config, context);
    const state = await readBack(type, planned, made as Fields, context);
    return { newState: encode(wire, state), legacyTypeSystem: true };
  } catch (error) {
    // An answer with a state: without one Terraform would forget an object that is there.
    const left = (error instanceof Fault && error.more.left) || prior;
    const kept =
      left &&
      mapAttributes(type.attributes, (name, { writeOnly }) => (writeOnly ? null : (left[name] ?? null)));
    return { newState: encode(wire, kept), diagnostics: [toDiagnostic(error)], legacyTypeSystem: true };
  }
}

/** The state of what was just made, or the {@link Fault} that leaves behind what is known of it. */
async function readBack(
  type: AnyResource<unknown>,
  planned: Fields,
  made: Fields,
  context: Context<unknown>,
): Promise<Fields> {
  try {
    const read = await type.read(made, context);
    if (!read) throw new Fault(`${JSON.stringify(made.id)} disappeared right after it was written`);
    return settle(type.attributes, planned, read as Fields);
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.message, error.detail, { ...error.more, left: made });
    throw error;
  }
}

/** Whatever was thrown, for the person at the terminal. */
export function toDiagnostic(error: unknown): Diagnostic {
  if (!(error instanceof Fault)) {
    return { severity: "ERROR", summary: "The provider stand-in failed", detail: wordsOf(error) };
  }
  return {
    severity: error.more.warning ? "WARNING" : "ERROR",
    summary: error.message,
    detail: error.detail,
    ...(error.more.attribute && { attribute: pathTo(error.more.attribute) }),
  };
}

function contextOf(session: Session): Context<unknown> {
  return { client: session.client, signal: session.interrupt.signal };
}

function pathTo(attribute: string): AttributePath {
  return { steps: [{ attributeName: attribute }] };
}

function encodeOf(type: { attributes: Attributes }, value: Fields | null): WireValue {
  return encode(objectType(type.attributes), value);
}

function decodeOr(attributes: Attributes, wire: WireValue | null): Fields {
  return decodeFields(objectType(attributes), wire) ?? mapAttributes(attributes, () => null);
}

/** A data source's configuration; Terraform reads one only when all of it is known. */
function withDefaults(attributes: Attributes, config: Fields): Fields {
  if (hasUnknown(config)) throw new Error("a data source was read before its configuration was known");
  return mapAttributes(
    attributes,
    (name, { default: value }) => config[name] ?? (value as Fields[string]) ?? null,
  );
}

function typeNamed<T>(types: Readonly<Record<string, T>>, name: string): T {
  const type = types[name];
  if (!type) throw new Fault(`The provider stand-in has no ${name}`);
  return type;
}
