import type { Environment } from "./environment";

/** Whether the server preloads pg_stat_statements; one of pgmoor's own always does. */
export function countsStatements({ server }: Environment): boolean {
  const { job, preload = [] } = server;
  return (job !== undefined && job.existing !== "watched") || preload.includes("pg_stat_statements");
}
