/** Where the app of a job answers when it is well. */
import type { HttpCheck } from "../nomad/job-service";
import type { Task, TaskGroup } from "../nomad/job";
import { hasOwnNetwork, isPort, portLabels } from "../services/job-ports";
import { todo } from "../services/todo";
import type { OpenDefinition } from "./open";

/** An HTTP check of the job, or else what is known of the app, on the one port that it may be. */
export function healthOf(group: TaskGroup, task: Task, path: string | undefined): OpenDefinition["health"] {
  const labels = portLabels(group, task);
  const services = [...(task.Services ?? []), ...(group.Services ?? [])];
  const checks = services.flatMap(({ PortLabel = "", Checks = [] }) =>
    Checks.filter((check): check is HttpCheck => check.Type === "http" && check.Protocol !== "https").map(
      (check) => ({ port: check.PortLabel ?? PortLabel, path: check.Path }),
    ),
  );
  const usable = checks.find(
    (check) => isPort(check.port, group, task) && /^\/[^\s{}"\\]*$/.test(check.path),
  );
  if (usable !== undefined) return usable;
  const ofService = services
    .map(({ PortLabel = "" }) => PortLabel)
    .find((label) => isPort(label, group, task));
  const port =
    ofService ??
    labels.find((label) => /^(http|web|ui|app)/.test(label)) ??
    (labels.length === 1 ? labels[0] : undefined) ??
    todo(
      labels.length === 0
        ? hasOwnNetwork(group)
          ? "on which port does the app answer HTTP, in the network of its group?"
          : "the group has no port. On which does the app answer HTTP? Give the job one"
        : `on which of the group's ports does the app answer HTTP? ${labels.join(", ")}`,
    );
  return { port, path: path ?? todo("at which path does the app answer 2xx once it is well?") };
}
