/** Where the app of somebody's job may answer, and how another task of its group reaches it. */
import { join, taskVariable, text, type Expression } from "../nomad/template";
import type { Network, Task, TaskGroup } from "../nomad/job";

/** Whether the group has a network namespace of its own: its tasks share a loopback, which is not the host's. */
export function hasOwnNetwork({ Networks }: TaskGroup): boolean {
  return /^(bridge$|cni\/)/.test(Networks?.[0]?.Mode ?? "");
}

/** The labels of the group's ports, and of those that older jobs give to a task (`resources { network { … } }`). */
export function portLabels(group: TaskGroup, app: Task): string[] {
  return [...new Set([...labelsOf(group.Networks), ...labelsOf(app.Resources?.Networks)])];
}

/** Whether the app can be reached on a port. In a network namespace a number will do, as in a service's `port`. */
export function isPort(port: string, group: TaskGroup, app: Task): boolean {
  return portLabels(group, app).includes(port) || (hasOwnNetwork(group) && isNumber(port));
}

/**
 * Address and port of the app, for a template of another task of its group.
 * Source: https://developer.hashicorp.com/nomad/docs/reference/runtime-environment-settings
 */
export function addressOf(port: string, group: TaskGroup, app: Task): Expression {
  // Nomad gives a network namespace no way back from its host's address.
  if (hasOwnNetwork(group))
    return join(text("127.0.0.1:"), isNumber(port) ? text(port) : taskVariable(`NOMAD_PORT_${port}`));
  if (labelsOf(group.Networks).includes(port)) return taskVariable(`NOMAD_HOST_ADDR_${port}`);
  return taskVariable(`NOMAD_ADDR_${app.Name}_${port}`.replace(/\W/g, "_"));
}

function labelsOf(networks: readonly Network[] | undefined): string[] {
  return (networks ?? []).flatMap(({ ReservedPorts, DynamicPorts }) =>
    [...(ReservedPorts ?? []), ...(DynamicPorts ?? [])].map(({ Label }) => Label),
  );
}

function isNumber(port: string): boolean {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
}
