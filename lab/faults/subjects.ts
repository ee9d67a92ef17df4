/** The services that faults strike, by what pgmoor has done with them so far. */
import type { LabService } from "../deployment";
import type { Lab } from "../servers/lab";
import type { Side } from "../story/services";

/** `adopted`: on the server since before pgmoor. The others are in that phase, and moved when it says so. */
export type Standing = "prepared" | "cutover" | "settled" | "adopted";
export const standings: readonly Standing[] = ["prepared", "cutover", "settled", "adopted"];

export interface Subject {
  readonly service: LabService;
  readonly standing: Standing;
  /** Where its data is. */
  readonly endsOn: Side;
}

/** One of each kind that differs. Those with a PostgreSQL of their own are there only where its programs can be had. */
export function subjectServices(
  lab: Pick<Lab, "embedded">,
  wanted: readonly Standing[],
  port: () => number,
): Subject[] {
  const subjects: Subject[] = [];
  const add = (standing: Standing, name: string, sample: LabService["sample"]) => {
    if (!wanted.includes(standing)) return;
    const adopted = standing === "adopted";
    const service: LabService = {
      name,
      sample,
      port: port(),
      volume: `${name}_data`,
      phase: "prepared",
      existing: adopted ? ["job", "secret", "database"] : ["job"],
      environment: {},
      ...(sample === "immich" ? { sourcePort: port() } : {}),
    };
    subjects.push({ service, standing, endsOn: standing === "prepared" ? "source" : "server" });
  };
  for (const standing of ["prepared", "cutover", "settled"] as const) {
    add(standing, `${standing}-sqlite`, "vaultwarden");
    if (lab.embedded !== undefined) add(standing, `${standing}-postgres`, "immich");
  }
  add("adopted", "adopted", "grafana");
  return subjects;
}

/** Their volumes, for Nomad's configuration. */
export const subjectVolumes = standings
  .filter((standing) => standing !== "adopted")
  .flatMap((standing) => ["sqlite", "postgres"].map((source) => `${standing}-${source}_data`));
