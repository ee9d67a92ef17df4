/** Passwords and keys that a job has in plain sight: whoever may read jobs may read them. */
import type { Task, TaskGroup } from "../nomad/job";
import { valuesOf } from "./values";

const secretName =
  /(^|_)(pass(word|wd|phrase)?|secret|token|api_?key|app_?key|private_?key|encryption_?key|jwt)(_|$)|password|passwd|secret(_?key)?$/i;
/** What is named like a secret and is none. */
const harmless = /^(true|false|\d{0,4}|none|null|yes|no|\/.*|file:.*)$/i;

/** The variables of a task that hold one. */
export function secretVariables(task: Task): string[] {
  return [...valuesOf(task)]
    .filter(
      ([name, { text, rendered }]) =>
        !rendered && !harmless.test(text) && !text.includes("${") && isSecret(name, text),
    )
    .map(([name]) => name);
}

/** What is said about a secret, and is none. */
const about =
  /_(FILE|LIFETIME|EXPIR\w*|TTL|TIMEOUT|LENGTH|MIN|MAX|ENABLED?|ALGORITHM|ISSUER|NAME|URL|URI|ENDPOINT|PATH)$/i;

function isSecret(name: string, text: string): boolean {
  return (secretName.test(name) && !about.test(name)) || /^\w+:\/\/[^/:@]+:[^/@]+@/.test(text);
}

export function plainSecrets({ Tasks }: TaskGroup): string[] {
  return Tasks.flatMap((task) => {
    const names = secretVariables(task);
    return names.length === 0
      ? []
      : [
          `the task ${task.Name} has secrets in plain sight: ${names.join(", ")}. Anyone who may read jobs can read them`,
        ];
  });
}
