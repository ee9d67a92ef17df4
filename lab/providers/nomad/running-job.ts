import { pathOf } from "../http";
import { Fault } from "../protocol/fault";
import { dataSource } from "../protocol/provider";
import {
  bool,
  computed,
  listOf,
  number,
  optional,
  optionalComputed,
  required,
  text,
} from "../protocol/schema";
import type { NomadOf } from "./client";
import { apiJob, taskGroup, taskGroupsOf } from "./jobspec";
import { z } from "zod";

const found = apiJob.extend({
  Name: z.string(),
  Status: z.string(),
  Version: z.number(),
  Stop: z.boolean().nullish(),
});

/** A job as Nomad has it now. */
export const runningJob = dataSource<NomadOf>()({
  attributes: {
    id: optionalComputed(text),
    job_id: required(text),
    namespace: optional(text),
    name: computed(text),
    type: computed(text),
    version: computed(number),
    region: computed(text),
    datacenters: computed(listOf(text)),
    status: computed(text),
    stop: computed(bool),
    task_groups: computed(listOf(taskGroup)),
  },
  async read(config, { client, signal }) {
    const answer = await client().get(pathOf("v1/job", config.job_id), {
      query: { namespace: config.namespace ?? "default" },
      signal,
    });
    if (!answer) throw new Fault("Unexpected response code: 404 (job not found)", config.job_id);
    const job = found.parse(answer.body);
    return {
      ...config,
      id: job.ID,
      name: job.Name,
      type: job.Type ?? null,
      version: job.Version,
      region: job.Region ?? null,
      datacenters: job.Datacenters ?? [],
      status: job.Status,
      stop: job.Stop ?? false,
      task_groups: taskGroupsOf(job),
    };
  },
});
