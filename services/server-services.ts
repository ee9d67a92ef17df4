/** What leaves a job with the task of its own PostgreSQL. */
import { textsOf } from "../nomad/driver-config";
import type { Task, TaskGroup } from "../nomad/job";
import type { Service } from "../nomad/job-service";

/** The services of the group that are that task's: by its name, or by a port that no other task listens on. */
export function servicesOfServer(group: TaskGroup, name: string): ReadonlySet<Service> {
  const server = group.Tasks.find(({ Name }) => Name === name);
  const others = group.Tasks.filter((task) => task !== server);
  const ports = new Set(portsOf(server));
  for (const port of others.flatMap(portsOf)) ports.delete(port);
  const ofServer = ({ TaskName, PortLabel = "", Checks = [] }: Service): boolean =>
    TaskName === name || ports.has(PortLabel) || Checks.some((check) => check.TaskName === name);
  return new Set((group.Services ?? []).filter(ofServer));
}

/** The labels of the ports that a task listens on, as far as its job says so. */
function portsOf(task: Task | undefined): string[] {
  if (task === undefined) return [];
  const services = (task.Services ?? []).flatMap(({ PortLabel = "" }) => PortLabel);
  const { ports } = (task.Config ?? {}) as { readonly ports?: unknown };
  return [...textsOf(ports), ...services];
}
