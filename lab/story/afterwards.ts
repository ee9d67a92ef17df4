/** After the move: the same again changes nothing, back and out of our hands, and nothing is destroyed on the way. */
import * as fs from "node:fs/promises";
import type { LabService } from "../deployment";
import { asService, databaseOf, readSecret, type Stage } from "./context";
import { expectSuccess, tail, expectThat } from "./expectations";
import { addRow, waitForAnswer, type Side } from "./services";
import type { SqliteService } from "./sqlite-source";
import { watchAway } from "./watch";

/** A second deploy of everything changes nothing: no job, no secret, no resource. */
export async function deployAgain({ deployment, nomad, moving, lab }: Stage): Promise<void> {
  const names = moving.map(({ name }) => name);
  const observe = async () =>
    JSON.stringify(
      await Promise.all(
        moving.map(async (service) => [
          (await nomad.job(service.name)).Version,
          await readSecret(lab, `postgres/${databaseOf(service)}`),
        ]),
      ),
    );
  const before = await observe();
  const outcome = await deployment.deploy(names);
  expectSuccess(outcome, "the second deploy");
  const unchanged =
    outcome.output.match(/No changes\. Your infrastructure matches the configuration\./g) ?? [];
  expectThat(
    unchanged.length === names.length,
    `the second deploy should have said "No changes" ${names.length} times, and said it ${unchanged.length} times`,
    tail(outcome),
  );
  expectThat((await observe()) === before, "the second deploy changed a job or a secret");
}

/** One goes back, another is destroyed in vain and then retired. */
export async function goBackAndRetire(stage: Stage): Promise<void> {
  await stage.deployment.edit([stage.spoilt.name], { phase: "prepared" });
  await Promise.all([goBack(stage), retire(stage)]);
}

/**
 * Back to `prepared`: the job runs on its source again, with what was written on the server meanwhile. Without a word about
 * these rows the plan is refused. Then it moves again, with what was written to the source since.
 */
async function goBack(stage: Stage): Promise<void> {
  const { deployment, spoilt } = stage;
  await addRow(spoilt);
  const { items } = await waitForAnswer(spoilt, "server", 20);
  const silent = await deployment.deploy([spoilt.name]);
  expectThat(!silent.succeeded, `${spoilt.name} would go back without its rows`, tail(silent));
  // Without the frame and the line breaks of Terraform and cdktf.
  const said = silent.output.replace(/\n[^│\n]*│?\s*/g, " ");
  expectThat(
    said.includes('rollback: "copy-back"'),
    `the plan of ${spoilt.name} should say what to write`,
    tail(silent),
  );
  await expectItems(spoilt, "server", items);

  await goTo(stage, "source", { phase: "prepared", rollback: "copy-back" });
  await expectItems(spoilt, "source", items);
  await addRow(spoilt);
  await goTo(stage, "server", { phase: "cutover", rollback: undefined });
  await expectItems(spoilt, "server", items + 1);
}

async function goTo(
  { deployment, spoilt, say }: Stage,
  side: Side,
  change: Partial<LabService>,
): Promise<void> {
  await deployment.edit([spoilt.name], change);
  const watch = watchAway(spoilt);
  const outcome = await deployment.deploy([spoilt.name]);
  const silence = await watch.stop();
  const { phase, rollback } = deployment.service(spoilt.name);
  const what = `${phase}${rollback === undefined ? "" : `, rollback ${rollback}`}`;
  expectSuccess(outcome, `the deploy of ${spoilt.name} as ${what}`);
  await waitForAnswer(spoilt, side, 20);
  say(`${spoilt.name}: ${what}: away for ${silence.toFixed(1)} s`);
}

async function expectItems(service: SqliteService, side: Side, items: number): Promise<void> {
  const found = await waitForAnswer(service, side, 20);
  expectThat(
    found.items === items,
    `${service.name} should have ${items} items on its ${side}, and has ${found.items}`,
  );
}

/** `destroy` stops and destroys nothing; `retired` has Terraform forget, and destroys nothing either. */
async function retire(stage: Stage): Promise<void> {
  const { deployment, unwell } = stage;
  const destroyed = await deployment.destroy([unwell.name]);
  expectThat(!destroyed.succeeded, "`cdktf destroy` should have been stopped by prevent_destroy");
  await expectAlive(stage, "after `cdktf destroy`");
  await deployment.edit([unwell.name], { phase: "retired" });
  expectSuccess(await deployment.deploy([unwell.name]), `the deploy of ${unwell.name} as \`retired\``);
  await expectAlive(stage, "after it was retired");
  const state = JSON.parse(await fs.readFile(deployment.stateFile(unwell.name), "utf8")) as {
    resources: { mode: string }[];
  };
  expectThat(
    state.resources.every(({ mode }) => mode === "data"),
    `Terraform should have forgotten all of ${unwell.name}`,
  );
}

async function expectAlive({ lab, unwell }: Stage, when: string): Promise<void> {
  await waitForAnswer(unwell, "server", 2).catch(() => {
    throw new Error(`${unwell.name} should still answer from PostgreSQL ${when}`);
  });
  const rows = await asService(lab, unwell, (client) => client.query("SELECT FROM ciphers LIMIT 1"));
  expectThat(rows.rowCount === 1, `the rows of ${unwell.name} should still be there ${when}`);
}
