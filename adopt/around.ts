/** What Nomad's clients and Consul have around a job that a person should know before it moves. */
import type { Environment } from "../environments/model/environment";
import { groupIndex } from "../services/job-definition";
import { clientNotes, clientsOf } from "./clients";
import { consulNotes } from "./consul";
import { allocationsOf } from "./nomad";
import type { OpenDefinition } from "./open";

export async function notesAround(
  environment: Environment,
  definition: OpenDefinition,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const { jobspec, tasks } = definition;
  const group = jobspec.TaskGroups[groupIndex(jobspec, tasks as readonly string[])];
  if (group === undefined) return [];
  const asking = { nomad: environment.nomad, env };
  const allocations = await allocationsOf(asking, jobspec.ID);
  const running = allocations.filter(
    ({ TaskGroup, ClientStatus }) => TaskGroup === group.Name && ClientStatus === "running",
  );
  const [clients, ofConsul] = await Promise.all([
    clientsOf(asking, jobspec, new Set(running.map(({ NodeID }) => NodeID))),
    consulNotes(
      environment,
      env,
      group,
      allocations.map(({ ID }) => ID),
    ),
  ]);
  const ofClients =
    clients === undefined
      ? [
          "Nomad does not show its clients to this token (node:read): nobody looked whether they have the job's volumes",
        ]
      : clientNotes(definition, group, clients, environment.migrator.snapshots);
  return [...ofClients, ...ofConsul];
}
