/** Services that faults have of their own: on SQLite, prepared, made for one fault and gone after it. */
import { writeSecret } from "../servers/vault";
import { freePorts } from "../servers/wait";
import { registerByHand, sourceOf, waitForAnswer } from "../story/services";
import type { SqliteService } from "../story/sqlite-source";
import type { Bench } from "./bench";
import type { Fault } from "./fault";
import type { Subject } from "./subjects";

export type OwnFault = Fault & { readonly own: SqliteService["sample"] };

export function hasOwn(fault: Fault): fault is OwnFault {
  return fault.own !== undefined;
}

/** Host volumes of their data. */
export function ownVolumes(faults: readonly Fault[]): string[] {
  return faults.filter(hasOwn).map(volumeOf);
}

const volumeOf = ({ name }: Fault) => `${name}_data`;

/** Makes the service of each, and deploys them as prepared. */
export async function ownSubjects(bench: Bench, faults: readonly OwnFault[]): Promise<Subject[]> {
  const { lab, nomad, deployment } = bench;
  const ports = await freePorts(faults.length);
  const services = faults.map((fault): SqliteService => ({
    name: fault.name,
    sample: fault.own,
    port: ports.pop()!,
    volume: volumeOf(fault),
    phase: "prepared",
    existing: ["job"],
    environment: {},
  }));
  if (services.some(({ sample }) => sample === "speedtest-tracker"))
    await writeSecret(lab.vault, "speedtest", { app_key: "typed-in-by-hand" });
  for (const service of services) {
    await sourceOf(service).seed(lab, service);
    await registerByHand(lab, nomad, service);
    await deployment.add(service);
  }
  for (const service of services) await waitForAnswer(service, "source", 60);
  const subjects = services.map((service): Subject => ({ service, standing: "prepared", endsOn: "source" }));
  await bench.deploy(subjects);
  for (const subject of subjects) await bench.steady(subject);
  return subjects;
}

/** Stops it; the environment and Terraform's state forget it. */
export async function removeOwn({ nomad, deployment }: Bench, { service }: Subject): Promise<void> {
  await nomad.stop(service.name, true);
  await deployment.remove(service.name);
  await deployment.forget(service.name);
}
