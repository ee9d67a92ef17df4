import { z } from "zod";
import { Fault, wordsOf } from "../protocol/fault";
import { listOf, mapOf, bool, number, objectOf, text, type Held } from "../protocol/schema";

/** What a state keeps of a job's groups. */
export const taskGroup = objectOf({
  count: number,
  meta: mapOf(text),
  name: text,
  task: listOf(
    objectOf({
      driver: text,
      meta: mapOf(text),
      name: text,
      volume_mounts: listOf(objectOf({ destination: text, read_only: bool, volume: text })),
    }),
  ),
  volumes: listOf(objectOf({ name: text, read_only: bool, source: text, type: text })),
});

const strings = z.record(z.string(), z.string()).nullish();

/** A job of Nomad's API, as far as the provider looks into it. */
export const apiJob = z.object({
  ID: z.string().min(1),
  Namespace: z.string().nullish(),
  Type: z.string().nullish(),
  Region: z.string().nullish(),
  Datacenters: z.array(z.string()).nullish(),
  TaskGroups: z
    .array(
      z.object({
        Name: z.string().nullish(),
        Count: z.number().nullish(),
        Meta: strings,
        Tasks: z
          .array(
            z.object({
              Name: z.string(),
              Driver: z.string().nullish(),
              Meta: strings,
              VolumeMounts: z
                .array(
                  z.object({
                    Volume: z.string().nullish(),
                    Destination: z.string().nullish(),
                    ReadOnly: z.boolean().nullish(),
                  }),
                )
                .nullish(),
            }),
          )
          .nullish(),
        Volumes: z
          .record(
            z.string(),
            z.object({
              Name: z.string().nullish(),
              Type: z.string().nullish(),
              Source: z.string().nullish(),
              ReadOnly: z.boolean().nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

export type ApiJob = z.infer<typeof apiJob>;

/** A jobspec, and the whole job as it is sent. */
export interface Jobspec {
  readonly job: ApiJob & { Namespace: string };
  readonly whole: Record<string, unknown>;
}

/** Reads a JSON jobspec, with or without the root `Job` of `nomad job run -output`. */
export function parseJobspec(jobspec: string): Jobspec {
  let json: unknown;
  try {
    json = JSON.parse(jobspec);
  } catch (error) {
    throw new Fault(
      "The jobspec is not JSON",
      `${wordsOf(error)}. The stand-in reads JSON only, with json = true.`,
      {
        attribute: "jobspec",
      },
    );
  }
  const root = z.object({ Job: z.record(z.string(), z.unknown()) }).safeParse(json);
  const whole: unknown = root.success ? root.data.Job : json;
  const job = apiJob.safeParse(whole);
  if (!job.success) {
    throw new Fault("The jobspec is not a job of Nomad's API", z.prettifyError(job.error), {
      attribute: "jobspec",
    });
  }
  const Namespace = job.data.Namespace || "default";
  return {
    job: { ...job.data, Namespace },
    whole: { ...(whole as Record<string, unknown>), Namespace },
  };
}

/**
 * Whether two jobspecs mean one job. The real provider compares them as Nomad completes them; here
 * only order and nulls do not count, so that now and then an update is planned that changes nothing.
 */
export function sameJobspec(a: string, b: string): boolean {
  try {
    return canonical(parseJobspec(a).whole) === canonical(parseJobspec(b).whole);
  } catch {
    return false;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join(",")}}`;
}

/** A job's groups as a state keeps them. */
export function taskGroupsOf(job: ApiJob): Held<typeof taskGroup>[] {
  return (job.TaskGroups ?? []).map((group) => ({
    name: group.Name ?? "",
    count: group.Count ?? 1,
    meta: group.Meta ?? {},
    task: (group.Tasks ?? []).map((task) => ({
      name: task.Name,
      driver: task.Driver ?? "",
      meta: task.Meta ?? {},
      volume_mounts: (task.VolumeMounts ?? []).map((mount) => ({
        volume: mount.Volume ?? "",
        destination: mount.Destination ?? "",
        read_only: mount.ReadOnly ?? false,
      })),
    })),
    volumes: Object.values(group.Volumes ?? {})
      .map((volume) => ({
        name: volume.Name ?? "",
        type: volume.Type ?? "",
        source: volume.Source ?? "",
        read_only: volume.ReadOnly ?? false,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }));
}
