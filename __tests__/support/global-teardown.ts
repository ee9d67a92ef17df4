import { holder } from "./global-setup";

/** Ends the run's PostgreSQL and removes its data. */
export default async function globalTeardown(): Promise<void> {
  await holder.pgmoorTestServerEnd?.();
}
