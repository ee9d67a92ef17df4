/** Rollbacks that are cut off when the source has been replaced, and the ledger does not say so. */
import { databaseOf } from "../../story/context";
import { expectSuccess, expectThat, tail } from "../../story/expectations";
import { ask, waitForAnswer } from "../../story/services";
import { processes, signalEach } from "../../servers/processes";
import { waitFor } from "../../servers/wait";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { postgresKilled } from "../moves/blows";
import { closeGate, openGate, passGate, waitsAtGate } from "../moves/gate";
import { ledgerState } from "../moves/move-fault";
import { backOnServer, deployed, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";

/** The roll-back comes to the gate when it writes to the ledger that the source is replaced. */
const plantGate = (bench: Bench, { service }: SqliteSubject): Promise<unknown> =>
  bench.asAdmin(databaseOf(service), (client) =>
    client.query(`
      CREATE SCHEMA lab; GRANT USAGE ON SCHEMA lab TO PUBLIC;
      CREATE FUNCTION lab.pass(integer) RETURNS boolean ${passGate};
      CREATE FUNCTION lab.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lab.pass(0); RETURN new; END $$;
      CREATE TRIGGER lab_hold BEFORE UPDATE ON pgmoor.ledger FOR EACH ROW
        WHEN (new.state = 'rolling-back' AND old.state <> new.state) EXECUTE FUNCTION lab.hold()`),
  );

const removeGate = (bench: Bench, { service }: SqliteSubject): Promise<unknown> =>
  bench.asAdmin(databaseOf(service), (client) => client.query("DROP SCHEMA IF EXISTS lab CASCADE"));

/** A rollback afterwards goes through. */
function interrupted(
  name: string,
  about: string,
  cut: (bench: Bench, subject: SqliteSubject) => Promise<unknown>,
): Fault {
  return {
    name,
    about,
    strikes: ["cutover"],
    async inject(bench, struck) {
      for (const subject of onSqlite(struck)) {
        const { service } = subject;
        await plantGate(bench, subject);
        await closeGate(bench, subject);
        const outcome = deployed(bench, subject, goesBack);
        const what = `the roll-back of ${service.name} has replaced the source`;
        const isHeld = async () => (await waitsAtGate(bench, subject)) !== undefined;
        const early = await Promise.race([
          outcome,
          waitFor({ what, deadlineSeconds: 120, everyMs: 20 }, isHeld).then(() => undefined),
        ]);
        expectThat(
          early === undefined,
          `the rollback of ${service.name} ended too early`,
          early && tail(early),
        );
        await cut(bench, subject);
        await openGate(subject);
        await backOnServer(bench, subject, await outcome, "roll-back");
        const state = await ledgerState(bench, service);
        expectThat(state === "confirmed", `the ledger of ${service.name} says ${state}, not confirmed`);
        await removeGate(bench, subject);
        expectSuccess(await bench.deployment.deploy([service.name]), `the same rollback of ${service.name}`);
        const { items } = await waitForAnswer(service, "source", 20);
        bench.tell(`${service.name}: the same deploy went through; ${items} items on its source`);
        expectSuccess(await deployed(bench, subject, moves), `${service.name} on its way to the server`);
      }
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck)) {
        await openGate(subject);
        await removeGate(bench, subject);
        await bench.deployment.edit([subject.service.name], moves);
        // One that failed half-way may have left it there.
        if ((await ask(subject.service)).from === "source") {
          await bench.deploy([subject]);
          await waitForAnswer(subject.service, "server", 30);
        }
      }
    },
  };
}

/** Kills the migrator of the service's newest allocation, no other lab's, and ends its session: nothing of it comes through. */
async function killMigrator(bench: Bench, subject: SqliteSubject): Promise<void> {
  const { ID } = await bench.allocation(subject);
  const found = await processes(
    ({ words, variables }) =>
      words.some((word) => word.includes("roll-back")) && variables.includes(`NOMAD_ALLOC_ID=${ID}`),
  );
  signalEach(found, "SIGKILL");
  expectThat(found.length > 0, `the roll-back of ${subject.service.name} should have run, to be killed`);
  const pid = await waitsAtGate(bench, subject);
  await bench.asAdmin("postgres", (client) => client.query("SELECT pg_terminate_backend($1)", [pid]));
}

export const interruptedRollbacks: readonly Fault[] = [
  interrupted(
    "rollback-killed-in-the-swap",
    "the migrator is killed when it has replaced the source, before the ledger says so",
    killMigrator,
  ),
  interrupted(
    "rollback-server-killed",
    "the server is killed when the source is replaced, before the ledger says so",
    async (bench) => {
      await postgresKilled.strike(bench);
      await postgresKilled.restore(bench);
    },
  ),
];
