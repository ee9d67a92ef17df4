/** Takes secrets in plain sight out of a job: its tasks read them from Vault. */
import { withoutVariables } from "../nomad/env-template";
import type { Job, Task, TaskGroup } from "../nomad/job";
import { envFile, envLine, join, text, withSecret, type Expression } from "../nomad/template";
import { secretVariables } from "./plain-secrets";
import { valuesOf } from "./values";

export interface Hidden {
  readonly job: Job;
  /** What the secret has to hold. Values are what the job had. */
  readonly fields: Readonly<Record<string, string>>;
  /** `task app: DB_PASSWORD`. */
  readonly moved: readonly string[];
  /** Tasks that log in to Vault with a role of their own. */
  readonly otherRoles: readonly string[];
}

export interface To {
  /** Mount of the KV v2 engine, and the secret below it. */
  readonly mount: string;
  readonly secret: string;
  /** For tasks that do not log in to Vault yet. */
  readonly role: string;
}

/** @param group the name of the group with the app: other groups stay as they are */
export function hideSecrets(job: Job, group: string, to: To): Hidden {
  const fields = new Fields();
  const moved: string[] = [];
  const otherRoles: string[] = [];
  const hide = (task: Task): Task => {
    const names = secretVariables(task);
    if (names.length === 0) return task;
    const hidden = hideIn(task, names, fields, to);
    moved.push(`task ${task.Name}: ${names.join(", ")}`);
    if (task.Vault == null) return { ...hidden, Vault: { Role: to.role } };
    otherRoles.push(task.Name);
    return hidden;
  };
  const TaskGroups = job.TaskGroups.map((one): TaskGroup =>
    one.Name === group ? { ...one, Tasks: one.Tasks.map(hide) } : one,
  );
  return { job: { ...job, TaskGroups }, fields: fields.all, moved, otherRoles };
}

/** A field for each value: the app's password and its server's are one. */
class Fields {
  private readonly byValue = new Map<string, string>();

  of(task: string, variable: string, value: string): string {
    const known = this.byValue.get(value);
    if (known !== undefined) return known;
    const taken = new Set(this.byValue.values());
    const plain = variable.toLowerCase().replace(/\W/g, "_");
    const field = taken.has(plain) ? `${task}_${plain}`.toLowerCase().replace(/\W/g, "_") : plain;
    this.byValue.set(value, field);
    return field;
  }

  get all(): Record<string, string> {
    return Object.fromEntries([...this.byValue].map(([value, field]) => [field, value]));
  }
}

function hideIn(task: Task, names: readonly string[], fields: Fields, to: To): Task {
  const values = valuesOf(task);
  const { Env = {}, Templates = [] } = task;
  const templates = Templates.map((template) => withoutVariables(template, new Set(names)));
  const lines = names.map((name) => {
    const value = values.get(name)!.text;
    const [, before, password, after] = /^(\w+:\/\/[^/:@]*:)([^/@]+)(@[\s\S]*)$/.exec(value) ?? [];
    // Of a URL the password alone: adopt reads from the rest where the database is.
    return (secret: (field: string) => Expression) =>
      password === undefined
        ? envLine(name, secret(fields.of(task.Name, name, value)))
        : urlLine(name, before!, secret(fields.of(task.Name, `${name}_password`, password)), after!);
  });
  const file = withSecret(to.mount, to.secret, (secret) => `\n${lines.map((line) => line(secret)).join("")}`);
  return {
    ...task,
    Env: Object.fromEntries(Object.entries(Env).filter(([name]) => !names.includes(name))),
    Templates: [
      ...templates.filter((template) => template !== undefined),
      envFile("secrets/from-vault.env", `${file}\n`, "restart"),
    ],
  };
}

function urlLine(name: string, before: string, password: Expression, after: string): string {
  const simple = /^[^"\\{}\n]*$/;
  return simple.test(before + after)
    ? `${name}="${before}{{ ${password.go} }}${after}"\n`
    : envLine(name, join(text(before), password, text(after)));
}
