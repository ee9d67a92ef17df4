/** Where a task says what it does: lines for people, and if it is asked for, a line of JSON for each. */
import type { Log } from "./progress";

/** What every JSON line has. */
interface Event {
  readonly level: "info" | "error";
  /** `line`: what the task did. `failed`, `refused`: how it ended. */
  readonly event: "line" | "failed" | "refused";
  readonly message: string;
  /** Of an end: what it left. */
  readonly left?: string;
}

/** Of the job whose task this is; for a run of a job with a schedule, that job's. */
export const jobName = ({ NOMAD_JOB_PARENT_ID, NOMAD_JOB_NAME }: NodeJS.ProcessEnv): string | undefined =>
  NOMAD_JOB_PARENT_ID || NOMAD_JOB_NAME;

/** @returns nothing where nobody asked for JSON */
export function jsonLine(event: Event, env: NodeJS.ProcessEnv = process.env, now = new Date()): string {
  if (env.PGMOOR_LOG_FORMAT !== "json") return "";
  const { NOMAD_TASK_NAME: task, NOMAD_ALLOC_ID: allocation } = env;
  const job = jobName(env);
  return `${JSON.stringify({ time: now.toISOString(), job, task, allocation, ...event })}\n`;
}

/** A report is JSON already. */
export const taskLog: Log = (line) => {
  const json = line.startsWith("{") ? "" : jsonLine({ level: "info", event: "line", message: line });
  process.stdout.write(`${json}${line}\n`);
};
