import type { Fault } from "./fault";
import type { Attributes, Draft, State, Wanted } from "./schema";
import type { Fields } from "./value";

/** What a request works with: the client of its provider's configuration, and the sign to stop. */
export interface Context<Client> {
  readonly client: Client;
  /** Set off when Terraform is interrupted. */
  readonly signal: AbortSignal;
}

export interface PlanOf<A extends Attributes> {
  /** Null when the object is to be made. */
  readonly prior: State<A> | null;
  readonly config: Draft<A>;
  /** May be changed in place. */
  readonly planned: Draft<A>;
  /** Attributes whose change makes the object anew, beside those the schema names; may be added to. */
  readonly replace: string[];
  /** May be added to. */
  readonly warnings: Fault[];
}

/** One resource type. Every function throws a {@link Fault} for what a person can mend. */
export interface ResourceType<A extends Attributes, Client> {
  readonly attributes: A;
  /** What is wrong with a configuration, of which anything may be unknown. @default nothing */
  validate?(config: Draft<A>): Fault[];
  /** Looks at an update or create that is about to be planned. @default as the schema says */
  plan?(plan: PlanOf<A>, context: Context<Client>): Promise<void> | void;
  /** Makes the object. What it returns is read at once, so its id will do, with what reading does not tell. */
  create(wanted: Wanted<A>, config: Wanted<A>, context: Context<Client>): Promise<State<A>>;
  /** Null when the object is gone. After an import only what the import knew is in the state. */
  read(state: State<A>, context: Context<Client>): Promise<State<A> | null>;
  /** As {@link create}. */
  update(prior: State<A>, wanted: Wanted<A>, config: Wanted<A>, context: Context<Client>): Promise<State<A>>;
  delete(state: State<A>, context: Context<Client>): Promise<void>;
  /** What an id tells of the object; it is read afterwards. @default cannot be imported */
  import?(id: string): Partial<State<A>>;
}

export interface DataSourceType<A extends Attributes, Client> {
  readonly attributes: A;
  read(config: Wanted<A>, context: Context<Client>): Promise<State<A>>;
}

export interface EphemeralType<A extends Attributes, Client> {
  readonly attributes: A;
  /** As of a resource. @default nothing */
  validate?(config: Draft<A>): Fault[];
  open(config: Wanted<A>, context: Context<Client>): Promise<State<A>> | State<A>;
}

/** The same types with their attributes forgotten, as the server holds them. */
export type AnyResource<Client> = ResourceType<Attributes, Client>;
export type AnyDataSource<Client> = DataSourceType<Attributes, Client>;
export type AnyEphemeral<Client> = EphemeralType<Attributes, Client>;

/**
 * Forgets the attributes of a type, whose client is named first: `resource<Vault>()({ … })`. The server makes
 * every object it hands over from the very attributes it finds here, which is what makes this sound.
 */
export const resource =
  <Client>() =>
  <A extends Attributes>(type: ResourceType<A, Client>) =>
    type as unknown as AnyResource<Client>;
export const dataSource =
  <Client>() =>
  <A extends Attributes>(type: DataSourceType<A, Client>) =>
    type as unknown as AnyDataSource<Client>;
export const ephemeral =
  <Client>() =>
  <A extends Attributes>(type: EphemeralType<A, Client>) =>
    type as unknown as AnyEphemeral<Client>;

export interface Provider<Client = unknown> {
  /** Its address in the registry: what the stand-in stands in for. */
  readonly address: string;
  readonly attributes: Attributes;
  /** Makes a client; nothing is connected until it is used, so that a plan may need no server. */
  configure(config: Fields): Client;
  readonly resources?: Readonly<Record<string, AnyResource<Client>>>;
  readonly dataSources?: Readonly<Record<string, AnyDataSource<Client>>>;
  readonly ephemeral?: Readonly<Record<string, AnyEphemeral<Client>>>;
}

/** A provider whose configuration is typed by its attributes. */
export function provider<A extends Attributes, Client>(
  definition: Omit<Provider<Client>, "attributes" | "configure"> & {
    readonly attributes: A;
    configure(config: Draft<A>): Client;
  },
): Provider {
  return definition as unknown as Provider;
}
