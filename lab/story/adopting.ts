/** Services that are on the server already are adopted as they are: nothing is destroyed, no password changes. */
import { Client } from "pg";
import { adoptable, anyEnvironment, type AdoptableName } from "../../environments/lab";
import { dsnVariables, type VariablesDsn } from "../../nomad/dsn";
import type { LabService } from "../deployment";
import { writeSecret } from "../servers/vault";
import { databaseOf, readSecret, type Stage } from "./context";
import { expectSuccess, tail, expectThat } from "./expectations";
import { handWrittenJob } from "./hand-written-job";
import { waitForAnswer } from "./services";

const oldPassword = (name: string) => `${name}, as it was set by hand long ago`;
const rows = 25;

/** What adopting needs of the stage. */
type Adopting = Pick<Stage, "adopted" | "deployment" | "lab" | "nomad" | "say">;

export async function adopt(stage: Adopting): Promise<void> {
  const { deployment, adopted, lab, say } = stage;
  await setUpByHand(stage);
  for (const service of adopted) await deployment.add(service);
  const names = adopted.map(({ name }) => name);

  const outcome = await deployment.deploy(names);
  expectSuccess(outcome, "the first deploy of the adopted services");
  const plans = outcome.output.match(/Plan: 3 to import, \d+ to add, \d+ to change, 0 to destroy\./g) ?? [];
  expectThat(
    plans.length === names.length && !outcome.output.includes("must be replaced"),
    "each adopted service's first plan should import three, and destroy and replace nothing",
    tail(outcome),
  );
  for (const service of adopted) {
    const { items } = await waitForAnswer(service, "server", 20);
    expectThat(items === rows, `${service.name} should still have its ${rows} rows, and has ${items}`);
    await loginByHand(stage, service, () => Promise.resolve());
    const secret = await readSecret(lab, `postgres/${databaseOf(service)}`);
    expectThat(
      JSON.stringify(secret) === JSON.stringify({ password: oldPassword(service.name) }),
      `the secret of ${service.name} should be what somebody wrote by hand`,
    );
  }
  const again = await deployment.deploy(names);
  const unchanged = again.output.match(/No changes\. Your infrastructure matches/g) ?? [];
  expectThat(unchanged.length === names.length, "a second deploy of them should change nothing", tail(again));
  say(
    `${names.join(", ")}: adopted; 0 to destroy, 0 to replace, the old passwords log in, a second plan is empty`,
  );
}

/** Role, database with rows, secret with a password and nothing else, and a job: as they are before pgmoor. */
async function setUpByHand(stage: Adopting): Promise<void> {
  const { lab, adopted, nomad } = stage;
  const { username, password } = await readSecret(lab, "postgres/admin");
  const admin = new Client({ ...stage.lab.postgres, user: username, password, database: "postgres" });
  await admin.connect();
  for (const { name } of adopted) {
    const literal = admin.escapeLiteral(oldPassword(name));
    await admin.query(`CREATE ROLE ${name} LOGIN CONNECTION LIMIT 8 PASSWORD ${literal}`);
    await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
  }
  await admin.end();
  await writeSecret(lab.vault, "grafana", { admin_password: "typed-in-by-hand" });
  await writeSecret(lab.vault, "authelia/config", { encryption_key: "k".repeat(32), session_secret: "s" });
  for (const service of adopted) {
    await writeSecret(lab.vault, `postgres/${databaseOf(service)}`, { password: oldPassword(service.name) });
    await loginByHand(stage, service, (client) =>
      client.query(`CREATE TABLE notes AS SELECT n FROM generate_series(1, ${rows}) AS n`),
    );
    const definition = adoptable[service.sample as AdoptableName];
    await nomad.register(
      handWrittenJob(lab, service, {
        program: "any",
        health: definition.health.path,
        volumes: [],
        environment: {
          ...anyEnvironment(definition, service.port),
          ...variablesByHand(service, lab.postgres.host, lab.postgres.port),
        },
      }),
    );
  }
  for (const service of adopted) await waitForAnswer(service, "server", 30);
}

/** The DSN's variables with their values in clear, as in the job that somebody wrote. */
function variablesByHand({ name, sample }: LabService, host: string, port: number): Record<string, string> {
  const dsn = adoptable[sample as AdoptableName].dsn as VariablesDsn;
  const { server, database, username, password, fixed = {} } = dsn;
  const values = new Map<string, string>(Object.entries(fixed));
  const set = (variable: string | readonly string[], value: string) =>
    [variable].flat().forEach((one) => values.set(one, value));
  if ("address" in server) set(server.address, `${server.prefix ?? ""}${host}:${port}`);
  else {
    set(server.host, host);
    set(server.port, String(port));
  }
  set(database, name);
  set(username, name);
  set(password, oldPassword(name));
  return Object.fromEntries(dsnVariables(dsn).map((variable) => [variable, values.get(variable)!]));
}

/** `work` as the service's role, with the password that was set by hand. */
async function loginByHand(
  { lab }: Pick<Adopting, "lab">,
  { name }: LabService,
  work: (client: Client) => Promise<unknown>,
): Promise<void> {
  const { host, port } = lab.postgres;
  const client = new Client({ host, port, user: name, database: name, password: oldPassword(name) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
