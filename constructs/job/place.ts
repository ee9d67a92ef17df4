/** Where a job runs. */
import type { Constraint, Job } from "../../nomad/job";

/** @param region @default that of the server that gets the job */
export function inRegion(region: string | undefined): Pick<Job, "Region"> {
  return region === undefined ? {} : { Region: region };
}

/** @param node the client, by name @default any */
export function onNode(node: string | undefined): Constraint[] {
  return node === undefined ? [] : [{ LTarget: "${node.unique.name}", RTarget: node, Operand: "=" }];
}
