/** How the lab's own requests get into servers that ask who comes. */
import type { TlsOptions } from "../../connections/tls";

export interface Access {
  readonly tls: TlsOptions;
  /** @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Put into queries that do not have it. @default nothing */
  readonly query?: Readonly<Record<string, string>>;
}

const known = new Map<string, Access>();

/** From now on requests to this address go this way. */
export function letInAt(address: string, access: Access): void {
  known.set(new URL(address).origin, access);
}

export function accessTo(url: URL): Access | undefined {
  return known.get(url.origin);
}
