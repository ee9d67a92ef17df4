/** What somebody has changed on the servers by hand: the next deploy puts it right. */
import { call } from "../../servers/api";
import { databaseOf } from "../../story/context";
import { expectSuccess, expectThat } from "../../story/expectations";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import type { Subject } from "../subjects";
import { expectNothingToDo, mistake, oneOfEach, sentence } from "./mistake";

export const grantsDrifted = mistake({
  name: "grants-drifted",
  about: "somebody opens the database to every role, and takes the role's login and its connections",
  strikes: ["cutover", "adopted"],
  make: async (bench, { service }) => {
    const name = databaseOf(service);
    await bench.asAdmin("postgres", async (client) => {
      await client.query(`GRANT CONNECT ON DATABASE ${name} TO PUBLIC`);
      await client.query(`ALTER ROLE ${name} CONNECTION LIMIT 1 NOLOGIN`);
    });
  },
});

/** A copy of the database stands for the backup. */
export const databaseDropped = mistake({
  name: "database-dropped",
  about: "the database is dropped, and restored from a backup as the message says",
  strikes: ["cutover"],
  make: (bench, { service }) =>
    bench.asAdmin("postgres", async (client) => {
      const name = databaseOf(service);
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        [name],
      );
      await client.query(`CREATE DATABASE ${name}_backup TEMPLATE ${name}`);
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }),
  says: /The database \w+ is gone from the server, .*docs\/lost-state\.md/,
  cure: (bench, { service }) =>
    bench.asAdmin("postgres", async (client) => {
      const name = databaseOf(service);
      await client.query(`ALTER DATABASE ${name}_backup RENAME TO ${name}`);
      await client.query(`ALTER DATABASE ${name} OWNER TO ${name}`);
    }),
});

interface RunningJob {
  readonly TaskGroups: { Tasks: { Env: Record<string, string> | null }[] }[];
}

const byHand = "CHANGED_BY_HAND";

/** Through Nomad's API, which keeps no jobspec of it: Terraform cannot see it. */
export const jobDrifted: Fault = {
  name: "job-drifted",
  about: "somebody adds a variable to the job in Nomad; the next deploy puts it back, and says so",
  strikes: ["cutover", "adopted"],
  async inject(bench, struck) {
    for (const subject of oneOfEach(struck)) {
      const { name } = subject.service;
      await change(bench, subject);
      await bench.steady(subject);
      expectThat(await isChanged(bench, subject), `the job ${name} should have been changed by hand`);
      const outcome = await bench.deployment.deploy([name]);
      expectSuccess(outcome, `the deploy of ${name}`);
      const said = sentence(outcome, /Nomad does not run the job of .* Env\[CHANGED_BY_HAND\]/);
      expectThat(said !== undefined, `the deploy of ${name} should have said what it puts back`);
      await bench.steady(subject);
      expectThat(!(await isChanged(bench, subject)), `the deploy of ${name} should have put the job back`);
      bench.tell(`${name}: ${said}`);
      await expectNothingToDo(bench, subject);
    }
  },
};

const running = ({ lab }: Bench, { service }: Subject) =>
  call<RunningJob>(`${lab.nomad.address}/v1/job/${service.name}`);

async function isChanged(bench: Bench, subject: Subject): Promise<boolean> {
  return JSON.stringify(await running(bench, subject)).includes(byHand);
}

async function change(bench: Bench, subject: Subject): Promise<void> {
  const job = await running(bench, subject);
  for (const { Tasks } of job.TaskGroups)
    for (const task of Tasks) task.Env = { ...task.Env, [byHand]: "true" };
  await bench.nomad.register(job);
}
