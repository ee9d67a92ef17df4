import { Fault } from "./protocol/fault";
import { Unknown } from "./protocol/value";

/**
 * Looks up what a provider's configuration says; nothing and the empty text are undefined, so that the
 * environment is asked next. A value that only the apply will tell is a {@link Fault} when it is asked for, not
 * before: a plan that needs no server goes through.
 */
export function configured<C extends object>(provider: string, config: C) {
  return <K extends keyof C>(name: K): Exclude<C[K], Unknown | null> | undefined => {
    const value = config[name];
    if (value instanceof Unknown) {
      throw new Fault(
        `The ${String(name)} of provider ${provider} is not known before the apply`,
        `Something that is in the state has to be read for the plan. ` +
          `Give the provider a value that is known when planning.`,
      );
    }
    return value === null || value === "" ? undefined : (value as Exclude<C[K], Unknown | null>);
  };
}

/** A call the first time; the same result ever after. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
