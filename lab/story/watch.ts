/** Watches a service while it moves, as its users would: by asking it, all the time. */
import type { LabService } from "../deployment";
import { ask, type Side } from "./services";

export interface Watch {
  /** Ends the watching; the seconds it was about. */
  stop(): Promise<number>;
}

/** Asks a service all the time, until told to end or until `see` has seen enough. */
function watching(service: LabService, see: (from: Side, asked: number) => boolean): () => Promise<void> {
  let ended = false;
  const loop = async (): Promise<void> => {
    while (!ended) {
      const asked = performance.now();
      const found = await ask(service).catch(() => undefined);
      if (found !== undefined && see(found.from, asked)) return;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  };
  const done = loop();
  return () => {
    ended = true;
    return done;
  };
}

/** Watches until the service has moved; `stop` gives the seconds from its last answer from its source to its first from the server. */
export function watch(service: LabService): Watch {
  let lastFromSource: number | undefined;
  let firstFromServer: number | undefined;
  const end = watching(service, (from, asked) => {
    if (from === "source") lastFromSource = asked;
    else firstFromServer = performance.now();
    return firstFromServer !== undefined;
  });
  return {
    stop: async () => {
      await end();
      if (lastFromSource === undefined || firstFromServer === undefined)
        throw new Error(
          `${service.name} was not seen to move: ${lastFromSource === undefined ? "no answer from its source" : "no answer from the server"}`,
        );
      return (firstFromServer - lastFromSource) / 1000;
    },
  };
}

/** Watches a service that stays on its source; `stop` gives the longest time between two answers from it, in seconds. */
export function watchSilence(service: LabService): Watch {
  return watchGaps(service, (from) => from === "source");
}

/** Watches a service that goes back or moves; `stop` gives the longest time between two answers from either side, in seconds. */
export function watchAway(service: LabService): Watch {
  return watchGaps(service, () => true);
}

function watchGaps(service: LabService, counts: (from: Side) => boolean): Watch {
  let last = performance.now();
  let longest = 0;
  const end = watching(service, (from) => {
    if (counts(from)) {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    return false;
  });
  return {
    stop: async () => {
      await end();
      return longest / 1000;
    },
  };
}
