/** The login to a private registry, for a task with an image from there. */
import type { Task } from "../../nomad/job";
import { envFile, envLine, withSecret } from "../../nomad/template";
import type { RegistryLogin } from "../../services/definition";

const username = "PGMOOR_REGISTRY_USERNAME";
const password = "PGMOOR_REGISTRY_PASSWORD";

/**
 * The task with the login in its driver's `auth`. The job has variables there, not the login: Nomad fills them from the task's
 * templates before it pulls the image (`client/allocrunner/taskrunner/task_runner.go` of Nomad 1.11.2, `runDriver`).
 */
export function withRegistry(task: Task, registry: RegistryLogin | undefined, mount: string): Task {
  if (registry === undefined || task.Driver !== "docker") return task;
  const { secret, fields = { username: "username", password: "password" } } = registry;
  const login = withSecret(
    mount,
    secret,
    (value) => envLine(username, value(fields.username)) + envLine(password, value(fields.password)),
  );
  return {
    ...task,
    Config: { ...task.Config, auth: [{ username: `\${${username}}`, password: `\${${password}}` }] },
    Templates: [...(task.Templates ?? []), envFile("secrets/registry.env", login, "noop")],
  };
}
