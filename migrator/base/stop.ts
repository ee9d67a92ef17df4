import { Failed } from "./errors";

/** Aborts when the process is told to end. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => controller.abort(new Failed(`stopped by ${signal}`)));
  }
  return controller.signal;
}
