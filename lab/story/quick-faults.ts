/** The faults that take only seconds, on the services that have moved and those that were adopted. */
import { Bench } from "../faults/bench";
import { complaints } from "../faults/fault";
import { faults } from "../faults/index";
import { measure } from "../faults/measure";
import type { Subject } from "../faults/subjects";
import type { BootedLab } from "../servers/boot";
import type { Stage } from "./context";
import { expectThat } from "./expectations";

export async function strike(stage: Stage, booted: BootedLab): Promise<void> {
  const { nomad, deployment, moving, adopted, say } = stage;
  const bench = new Bench(booted, nomad, deployment, say);
  const subjects: Subject[] = [
    ...moving.map((service) => ({ service, standing: "cutover", endsOn: "server" }) as const),
    ...adopted.map((service) => ({ service, standing: "adopted", endsOn: "server" }) as const),
  ];
  for (const fault of faults.filter(({ quick, own }) => quick && own === undefined)) {
    const results = await measure(bench, fault, subjects);
    await fault.tidy?.(bench, subjects);
    const worse = results.flatMap((result, at) =>
      complaints(fault, result, subjects[at]!).map((complaint) => `${result.service} ${complaint}`),
    );
    expectThat(worse.length === 0, `${fault.name}: ${worse.join("; ")}`);
    const slowest = Math.max(...results.map(({ healthyAfterSeconds }) => healthyAfterSeconds ?? Infinity));
    say(`${fault.name}: all ${results.length} are back after ${slowest.toFixed(1)} s, with every row`);
  }
  // The faults strike what else runs on the node, too.
  for (const service of [stage.spoilt, stage.unwell])
    await bench.steady({ service, standing: "cutover", endsOn: "server" });
}
