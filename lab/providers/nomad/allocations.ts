import { randomUUID } from "node:crypto";
import { z } from "zod";
import { dataSource } from "../protocol/provider";
import { computed, listOf, number, objectOf, optional, optionalComputed, text } from "../protocol/schema";
import type { NomadOf } from "./client";

/** Nomad's names, and the provider's. */
const fields = {
  client_status: "ClientStatus",
  create_index: "CreateIndex",
  create_time: "CreateTime",
  desired_status: "DesiredStatus",
  eval_id: "EvalID",
  followup_eval_id: "FollowupEvalID",
  id: "ID",
  job_id: "JobID",
  job_type: "JobType",
  job_version: "JobVersion",
  modify_index: "ModifyIndex",
  modify_time: "ModifyTime",
  name: "Name",
  namespace: "Namespace",
  next_allocation: "NextAllocation",
  node_id: "NodeID",
  node_name: "NodeName",
  preempted_by_allocation: "PreemptedByAllocation",
  task_group: "TaskGroup",
} as const;
const numbers: ReadonlySet<string> = new Set([
  "create_index",
  "create_time",
  "job_version",
  "modify_index",
  "modify_time",
]);

type Allocation = Record<string, string | number>;
const allocation = objectOf<Allocation>(
  Object.fromEntries(Object.keys(fields).map((name) => [name, numbers.has(name) ? number : text])),
);

/** A namespace's allocations that a filter of Nomad's lets through. */
export const allocations = dataSource<NomadOf>()({
  attributes: {
    id: optionalComputed(text),
    prefix: optional(text),
    filter: optional(text),
    namespace: optional(text),
    allocations: computed(listOf(allocation)),
  },
  async read(config, { client, signal }) {
    const query = {
      namespace: config.namespace ?? "default",
      ...(config.prefix === null ? {} : { prefix: config.prefix }),
      ...(config.filter === null ? {} : { filter: config.filter }),
    };
    const answer = await client().get("/v1/allocations", { query, signal });
    const found = z
      .array(z.record(z.string(), z.unknown()))
      .parse(answer?.body ?? [])
      .map((one) =>
        Object.fromEntries(
          Object.entries(fields).map(([ours, theirs]) => [
            ours,
            (one[theirs] ?? (numbers.has(ours) ? 0 : "")) as string | number,
          ]),
        ),
      );
    return { ...config, id: `terraform-${randomUUID()}`, allocations: found };
  },
});
