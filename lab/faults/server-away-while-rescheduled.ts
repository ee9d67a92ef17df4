import { postgresStop } from "../servers/postgres";
import type { Fault } from "./fault";

export const serverAwayWhileRescheduled: Fault = {
  name: "server-away-while-rescheduled",
  about: "PostgreSQL is stopped, the allocation is lost, the next one fails; then PostgreSQL is started",
  strikes: ["cutover", "adopted"],
  async inject(bench, struck) {
    await bench.booted.servers.postgres!.stop(postgresStop);
    await bench.loseAllocations(struck);
    await bench.missed(struck);
    await bench.restore("postgres");
  },
};
