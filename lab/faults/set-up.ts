/** From an empty lab to services in each phase, each with its data where that phase has it. */
import * as path from "node:path";
import { buildMigrator } from "../../migrator/image/build";
import { Deployment } from "../deployment";
import { buildSamples } from "../samples/build";
import type { BootedLab } from "../servers/boot";
import { freePorts } from "../servers/wait";
import { adopt } from "../story/adopting";
import { NomadApi } from "../story/nomad-api";
import { registerByHand, sourceOf, waitForAnswer, type MovingService } from "../story/services";
import { Bench } from "./bench";
import { standings, subjectServices, type Standing, type Subject } from "./subjects";

export async function setUp(
  booted: BootedLab,
  reattach: string | undefined,
  wanted: readonly Standing[],
  say: (line: string) => void,
): Promise<{ readonly bench: Bench; readonly subjects: readonly Subject[] }> {
  const { lab } = booted;
  await Promise.all([
    buildMigrator(path.join(lab.programs, "pgmoor-migrator.cjs")),
    buildSamples(lab.programs),
  ]);
  const ports = await freePorts(4 * standings.length);
  const subjects = subjectServices(lab, wanted, () => ports.pop()!);
  const own = subjects.filter(({ standing }) => standing !== "adopted");
  const services = own.map(({ service }) => service as MovingService);
  const deployment = new Deployment({ lab, services, reattach });
  await deployment.save();
  const nomad = new NomadApi(lab);
  const bench = new Bench(booted, nomad, deployment, say);

  say("services on their sources, as jobs registered by hand");
  await Promise.all(services.map((service) => sourceOf(service).seed(lab, service)));
  await Promise.all(services.map((service) => registerByHand(lab, nomad, service)));
  for (const service of services) await waitForAnswer(service, "source", 60);
  const adopted = subjects.filter(({ standing }) => standing === "adopted").map(({ service }) => service);
  if (adopted.length > 0) await adopt({ lab, nomad, deployment, adopted, say });
  say("prepared");
  await bench.deploy(own);
  await into(
    bench,
    "cutover",
    own.filter(({ standing }) => standing !== "prepared"),
  );
  await haveArrived(bench, subjects);
  const settled = own.filter(({ standing }) => standing === "settled");
  await into(bench, "settled", settled);
  await haveArrived(bench, settled);
  return { bench, subjects };
}

async function haveArrived(bench: Bench, subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) {
    await waitForAnswer(subject.service, subject.endsOn, 60);
    await bench.steady(subject);
  }
}

async function into(bench: Bench, phase: "cutover" | "settled", subjects: readonly Subject[]): Promise<void> {
  if (subjects.length === 0) return;
  bench.say(phase);
  await bench.deployment.edit(
    subjects.map(({ service }) => service.name),
    { phase },
  );
  await bench.deploy(subjects);
}
