/** The main job: services that run on their sources move to the server, with every row. */
import { asService, type Stage } from "./context";
import { expectSuccess, expectThat } from "./expectations";
import type { MovedService } from "./report";
import { ask, sourceOf, waitForAnswer, type MovingService } from "./services";
import { watch } from "./watch";

/** Imports the jobs; makes secrets, roles, databases and identities. The services stay on their sources. */
export async function prepare({ deployment, moving, spoilt, unwell }: Stage): Promise<void> {
  const services = [...moving, spoilt, unwell];
  const outcome = await deployment.deploy(services.map(({ name }) => name));
  expectSuccess(outcome, "the deploy of all services as `prepared`");
  for (const service of services) await waitForAnswer(service, "source", 20);
}

/** Moves them, watched; what the users saw of it is the downtime. */
export async function cutOver(stage: Stage): Promise<ReadonlyMap<string, number>> {
  const { deployment, moving, say } = stage;
  const names = moving.map(({ name }) => name);
  await deployment.edit(names, { phase: "cutover" });
  const watches = moving.map((service) => ({ service, watch: watch(service) }));
  const outcome = await deployment.deploy(names);
  const downtimes = new Map<string, number>();
  if (outcome.succeeded)
    for (const { service, watch } of watches) downtimes.set(service.name, await watch.stop());
  else await Promise.allSettled(watches.map(({ watch }) => watch.stop()));
  expectSuccess(outcome, "the deploy of the services as `cutover`");
  for (const [name, seconds] of downtimes)
    say(
      `${name}: ${seconds.toFixed(1)} s between its last answer from its source and its first from the server`,
    );
  return downtimes;
}

/** Waits until they answer from the server, so that nothing else of the story makes their downtime longer. */
export async function haveMoved({ moving }: Stage): Promise<void> {
  for (const service of moving) await waitForAnswer(service, "server", 120);
}

/** Compares both sides, and the source with what it was. */
export async function proveMoved(
  stage: Stage,
  service: MovingService,
  downtimeSeconds: number,
): Promise<MovedService> {
  const { lab, say } = stage;
  const { from, backend } = await ask(service);
  expectThat(from === "server", `${service.name} answers from ${backend}, not from the server`);
  const source = sourceOf(service);
  const proof = await asService(lab, service, (client) => source.prove(lab, service, client));
  const bytes = await source.proveUntouched(lab, service);
  for (const { table, rows, sha256 } of proof.tables)
    if (rows > 0) say(`${service.name}.${table}: ${rows} rows, sha256 ${sha256.slice(0, 16)} on both sides`);
  return {
    name: service.name,
    phase: "cutover",
    rows: proof.rows,
    bytes,
    tables: proof.tables.length,
    verified: true,
    downtimeSeconds,
  };
}
