import { z } from "zod";
import { pathOf } from "../http";
import type { Nomad } from "./client";

const event = z.object({
  Type: z.string(),
  DisplayMessage: z.string().optional(),
  Message: z.string().optional(),
});

const allocations = z.array(
  z.object({
    ID: z.string(),
    NodeName: z.string().optional(),
    ClientStatus: z.string(),
    ClientDescription: z.string().optional(),
    DeploymentStatus: z.object({ Healthy: z.boolean().nullish() }).nullish(),
    TaskStates: z
      .record(
        z.string(),
        z.object({ State: z.string(), Failed: z.boolean(), Events: z.array(event).nullish() }),
      )
      .nullish(),
  }),
);

/** Events that tell nothing of a failure. */
const usual = new Set([
  "Received",
  "Task Setup",
  "Downloading Artifacts",
  "Building Task Directory",
  "Started",
]);

/** How many events of a task are told; the last ones are. */
const told = 5;

/**
 * Which tasks of a deployment failed and what Nomad noted of them, for a person; empty where nothing is known.
 * Events only, never the tasks' own output, which may hold anything.
 */
export async function failedTasks(nomad: Nomad, namespace: string, deployment: string): Promise<string> {
  const answer = await nomad
    .get(pathOf("v1/deployment/allocations", deployment), { query: { namespace } })
    .catch(() => undefined);
  const found = allocations.safeParse(answer?.body);
  if (!found.success) return "";
  return found.data
    .filter(
      (allocation) => allocation.ClientStatus === "failed" || allocation.DeploymentStatus?.Healthy === false,
    )
    .map((allocation) => {
      const states = Object.entries(allocation.TaskStates ?? {});
      const failed = states.filter(([, state]) => state.Failed);
      const short = allocation.ID.slice(0, 8);
      const lines = (failed.length > 0 ? failed : states).flatMap(([task, state]) => [
        `  task "${task}" is ${state.State}${state.Failed ? ", failed" : ""}:`,
        ...eventsOf(state.Events ?? []).map((line) => `    - ${line}`),
        ...(state.Failed
          ? [`    what it wrote: nomad alloc logs -namespace ${namespace} ${short} ${task}`]
          : []),
      ]);
      const where = allocation.NodeName ? ` on ${allocation.NodeName}` : "";
      const why = allocation.ClientDescription ? ` (${allocation.ClientDescription})` : "";
      return [`Allocation ${short}${where} is ${allocation.ClientStatus}${why}`, ...lines].join("\n");
    })
    .join("\n");
}

function eventsOf(events: z.infer<typeof event>[]): string[] {
  return events
    .filter(({ Type }) => !usual.has(Type))
    .slice(-told)
    .map(({ Type, DisplayMessage, Message }) => [Type, DisplayMessage || Message].filter(Boolean).join(": "));
}
