/** What happens when it goes wrong: the old job answers again, and the next try brings everything. */
import Database from "libsql";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LabService } from "../deployment";
import { type Stage } from "./context";
import { expectSuccess, tail, expectThat } from "./expectations";
import { addRow, waitForAnswer } from "./services";
import { handOver, sourceFile } from "./sqlite-source";
import { watchSilence } from "./watch";

/** While this file is in its volume, the unwell app answers 503 on PostgreSQL. */
const faultFile = "unwell";

/** What makes the unwell app so. It sees its volume at `/data`. */
export const faultEnvironment = {
  PGMOOR_LAB_FAULT: "unhealthy-on-postgresql",
  PGMOOR_LAB_FAULT_FILE: `/data/${faultFile}`,
};

/** In a column of whole numbers, which SQLite does not mind. */
export const badValue = "not a number";

/** Both services move, and fail: one by a row that does not fit, one by an app that never gets healthy. */
export async function failBoth(stage: Stage): Promise<void> {
  const { deployment, nomad, spoilt, unwell, say } = stage;
  await spoilRow(stage, badValue);
  await fs.writeFile(path.join(stage.lab.volumes[unwell.volume]!, faultFile), "");
  await deployment.edit([spoilt.name, unwell.name], { phase: "cutover" });
  const versions = await Promise.all([spoilt, unwell].map(({ name }) => nomad.job(name)));
  const watches = [spoilt, unwell].map(watchSilence);
  const outcome = await deployment.deploy([spoilt.name, unwell.name]);
  for (const service of [spoilt, unwell]) await waitForAnswer(service, "source", 20);
  const silences = await Promise.all(watches.map((watch) => watch.stop()));
  expectThat(!outcome.succeeded, "the deploy of two services that cannot move should have failed");
  for (const name of [spoilt.name, unwell.name])
    expectThat(
      outcome.output.includes(`nomad_job.${name}`) && outcome.output.includes("rolling back to job version"),
      `the apply of ${name} should say that Nomad rolled back`,
      tail(outcome),
    );
  // The advice for a job that somebody else has changed.
  expectThat(
    !outcome.output.includes("nomad job stop"),
    "a failed move should not advise stopping the job",
    tail(outcome),
  );
  const why = await nomad.output(spoilt.name, "migrate", "stderr");
  expectThat(
    why.includes("nothing changed") && why.includes("atype") && !why.includes(badValue),
    "the migrator should have told which column it is, and not the value",
    why,
  );
  for (const line of why.split("\n")) say(`${spoilt.name}: ${line}`);
  for (const [index, service] of [spoilt, unwell].entries()) {
    const silence = silences[index]!;
    say(`${service.name}: back on SQLite, after ${silence.toFixed(1)} s without an answer from it`);
    expectThat(service === unwell || silence < 20, `${service.name} was away for ${silence} s, more than 20`);
    await expectUntainted(stage, service);
    const { Version } = await nomad.job(service.name);
    expectThat(
      Version > versions[index]!.Version,
      `Nomad should have tried a new version of ${service.name}`,
    );
  }
}

async function expectUntainted({ deployment }: Stage, service: LabService): Promise<void> {
  const state = await fs.readFile(deployment.stateFile(service.name), "utf8");
  const { resources } = JSON.parse(state) as {
    resources: { type: string; name: string; instances: { status?: string }[] }[];
  };
  for (const { type, name, instances } of resources)
    expectThat(
      instances.every(({ status }) => status !== "tainted"),
      `${type}.${name} is tainted: the next deploy would destroy it`,
    );
}

/** Writes a value to one row's whole-number column. */
export async function spoilRow({ lab, spoilt }: Stage, value: string | number): Promise<void> {
  const file = sourceFile(lab, spoilt);
  const database = new Database(file);
  try {
    const row = "FROM ciphers ORDER BY rowid LIMIT 1";
    database.prepare(`UPDATE ciphers SET atype = ? WHERE rowid = (SELECT rowid ${row})`).run(value);
  } finally {
    database.close();
    await handOver(path.dirname(file));
  }
}

/** Mends what was wrong, writes a row to SQLite meanwhile, and deploys the same again. */
export async function mendBoth(stage: Stage): Promise<void> {
  const { deployment, lab, spoilt, unwell } = stage;
  const before = await waitForAnswer(unwell, "source", 20);
  await addRow(unwell);
  await spoilRow(stage, 1);
  await fs.rm(path.join(lab.volumes[unwell.volume]!, faultFile));
  const outcome = await deployment.deploy([spoilt.name, unwell.name]);
  expectSuccess(outcome, "the same deploy, after the correction,");
  await waitForAnswer(spoilt, "server", 20);
  const after = await waitForAnswer(unwell, "server", 20);
  expectThat(
    after.items === before.items + 1,
    `${unwell.name} had ${before.items} items on SQLite and got one more; on PostgreSQL it has ${after.items}`,
  );
}
