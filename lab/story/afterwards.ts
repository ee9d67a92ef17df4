/** After the move: the same again changes nothing, back and out of our hands, and nothing is destroyed on the way. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { SqliteSource } from "../../services/definition";
import { vaultwarden } from "../../services/vaultwarden";
import { asService, databaseOf, readSecret, type Stage } from "./context";
import { expectSuccess, tail, expectThat } from "./expectations";
import { addRow, waitForAnswer } from "./services";
import { handOver, sourceFile, type SqliteService } from "./sqlite-source";

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

/** Back to `prepared`: the job runs on its source again, with what was written on the server meanwhile. */
async function goBack(stage: Stage): Promise<void> {
  const { deployment, nomad, spoilt, say } = stage;
  await addRow(spoilt);
  const { items } = await waitForAnswer(spoilt, "server", 20);
  await nomad.scale(spoilt.name, 0);
  say(`${spoilt.name}: ${await takeAlong(stage, spoilt)}`);
  expectSuccess(await deployment.deploy([spoilt.name]), `${spoilt.name} back to \`prepared\``);
  const back = await waitForAnswer(spoilt, "source", 20);
  expectThat(
    back.items === items,
    `${spoilt.name} should have its ${items} items on SQLite again, and has ${back.items}`,
  );
}

/** What the server holds, in the place of the source. What `pgmoor back` said of it at the end. */
async function takeAlong({ deployment, lab }: Stage, service: SqliteService): Promise<string> {
  const source = sourceFile(lab, service);
  const file = `${source}.back`;
  const { username, password, database } = await readSecret(lab, `postgres/${databaseOf(service)}`);
  const { host, port } = lab.postgres;
  const target = `postgresql://${username}@${host}:${port}/${database}`;
  const rules = path.join(lab.directory, `${service.name}-rules.json`);
  const { migrationTables } = vaultwarden.source as SqliteSource;
  await fs.writeFile(rules, JSON.stringify({ migrationTables }));
  const outcome = await deployment.pgmoor(
    "back",
    ["--source", source, "--target", target, "--rules", rules, "--out", file],
    { PGPASSWORD: password! },
  );
  expectSuccess(outcome, `\`pgmoor back\` of ${service.name}`);
  for (const suffix of ["-wal", "-shm"]) await fs.rm(source + suffix, { force: true });
  await fs.rename(file, source);
  await handOver(path.dirname(source));
  return outcome.output.trim().split("\n").at(-1)!;
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
    resources: unknown[];
  };
  expectThat(state.resources.length === 0, `Terraform should have forgotten all of ${unwell.name}`);
}

async function expectAlive({ lab, unwell }: Stage, when: string): Promise<void> {
  await waitForAnswer(unwell, "server", 2).catch(() => {
    throw new Error(`${unwell.name} should still answer from PostgreSQL ${when}`);
  });
  const rows = await asService(lab, unwell, (client) => client.query("SELECT FROM ciphers LIMIT 1"));
  expectThat(rows.rowCount === 1, `the rows of ${unwell.name} should still be there ${when}`);
}
