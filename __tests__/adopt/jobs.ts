import { readFileSync } from "node:fs";
import { join } from "node:path";
import { draftOf, type Draft } from "../../adopt/draft";
import { plainJob, type Json } from "../../adopt/plain-job";
import { nameOf } from "../../adopt/adopt";
import type { JobDefinition } from "../../services/job-definition";
import { homelab } from "../../environments/homelab";

export const jobNames = [
  "apart",
  "arr",
  "bookmarks",
  "cloud",
  "code",
  "counted",
  "dashboards",
  "forge",
  "library",
  "links",
  "mesh",
  "nightly",
  "notes",
  "reader",
  "shared",
  "twice",
  "vault",
] as const;
export type JobName = (typeof jobNames)[number];

/** A job as Nomad answered it once. */
export function answered(name: JobName): Json {
  return JSON.parse(readFileSync(join(__dirname, "jobs", `${name}.json`), "utf8")) as Json;
}

export function drafted(name: JobName): Draft {
  const found = answered(name);
  return draftOf(nameOf(String(found.ID)), plainJob(found), { mount: "secret", server: homelab.server });
}

/** The definition of a job that has no question in it. */
export function definitionOf(name: JobName): JobDefinition {
  return drafted(name).definition as JobDefinition;
}
