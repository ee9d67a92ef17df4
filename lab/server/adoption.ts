/** A server that runs and is full is adopted: first only watched, then taken over. Its volume and its rows stay. */
import { contents, different } from "../backups/contents";
import { Writers } from "../backups/writers";
import type { Outcome } from "../deployment";
import { asAdmin } from "../story/context";
import { expectSuccess, expectThat, tail } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { serverJob, takenOver, type Ground } from "./ground";

/** What says whether it is the same server, still running or started again. */
interface Running {
  readonly allocation: string;
  readonly jobVersion: number;
  /** Of the data directory, made by initdb. */
  readonly system: string;
  readonly startedAt: string;
}

export async function running({ lab, nomad }: Ground): Promise<Running> {
  const [allocation] = await nomad.allocations(serverJob);
  const { Version } = await nomad.job(serverJob);
  const { system, startedAt } = await asAdmin(lab, "postgres", async (client) => {
    const { rows } = await client.query<{ system: string; startedAt: string }>(
      `SELECT system_identifier::text AS system, pg_postmaster_start_time()::text AS "startedAt" FROM pg_control_system()`,
    );
    return rows[0]!;
  });
  return { allocation: allocation!.ID, jobVersion: Version, system, startedAt };
}

export const databasesOf = ({ services }: Ground): string[] => services.map(({ name }) => name);

/** Nothing of it changes. */
export async function watch(ground: Ground): Promise<void> {
  const { deployment, lab, say } = ground;
  const before = await running(ground);
  const rows = await contents(ground, databasesOf(ground));
  await deployment.keepServer({ server: { port: lab.postgres.port, existing: "watched" } });
  const first = await deployment.deploy(["server"]);
  expectSuccess(first, "the first deploy of a server that is only watched");
  expectThat(
    /No changes\. Your infrastructure matches/.test(first.output),
    "the first plan of a server that is only watched should change nothing",
    tail(first),
  );
  await expectUnchanged(ground, before, rows, "the first deploy of a server that is only watched");
  const again = await deployment.deploy(["server"]);
  expectThat(
    /No changes\. Your infrastructure matches/.test(again.output),
    "a second plan is empty",
    tail(again),
  );
  say("server, watched: no changes; the same allocation, job version and rows; a second plan is empty");
}

/** What must not be applied is refused, and nothing is touched. */
export async function refuse(ground: Ground): Promise<void> {
  const { deployment, lab, say } = ground;
  const before = await running(ground);
  const rows = await contents(ground, databasesOf(ground));
  const server = takenOver(lab);

  await deployment.keepServer({ server: { ...server, group: "another" } });
  expectRefused(
    await deployment.deploy(["server"]),
    /Set server\.job\.group to "postgres"/,
    "another task group",
  );

  await deployment.keepServer({ server: { ...server, dataDirectory: "/var/lib/postgresql/data/other" } });
  expectRefused(
    await deployment.deploy(["server"]),
    /Set server\.job\.dataDirectory/,
    "another data directory",
  );

  await deployment.keepServer({ server });
  await asAdmin(lab, "postgres", (client) =>
    client.query("SET password_encryption = 'md5'; CREATE ROLE of_old LOGIN PASSWORD 'long ago'"),
  );
  expectRefused(
    await deployment.deploy(["server"]),
    /passwords of of_old as MD5 hashes/,
    "a role that could not log in any more",
  );
  await asAdmin(lab, "postgres", (client) => client.query("DROP ROLE of_old"));
  await expectUnchanged(ground, before, rows, "a refused deploy");
  say(
    "server, to be taken over: another task group, another data directory and a role with an MD5 password are refused by name",
  );
}

/** pgmoor's job replaces the one that was written by hand: one restart, on the same data. */
export async function takeOver(
  ground: Ground,
): Promise<{ readonly rowsEqual: boolean; readonly lost: number }> {
  const { deployment, lab, services, say } = ground;
  const before = await running(ground);
  const writers = new Writers();
  const [written, ...quiet] = services as [(typeof services)[number], ...typeof services];
  writers.start([written]);
  const names = quiet.map(({ name }) => name);
  const rows = await contents(ground, names);
  await deployment.keepServer({
    server: takenOver(lab),
  });
  let outcome: Outcome;
  try {
    outcome = await deployment.deploy(["server"]);
  } finally {
    await writers.stopAll();
  }
  expectSuccess(outcome, "the deploy of a server that is taken over");
  expectThat(
    /Plan: 1 to import, \d+ to add, 1 to change, 0 to destroy\./.test(outcome.output),
    "taking over should import and change the job, and destroy nothing",
    tail(outcome),
  );
  expectThat(
    outcome.output.includes("The first deploy of postgresql changes of the running job:"),
    "the plan should say what it changes of the running job",
    tail(outcome),
  );
  const after = await running(ground);
  expectThat(after.system === before.system, "it should run on the same data");
  expectThat(
    after.jobVersion === before.jobVersion + 1,
    `one new version of the job, not ${after.jobVersion}`,
  );
  const differences = different(rows, await contents(ground, names));
  expectThat(differences.length === 0, "every row should be as before", differences.join("\n"));
  for (const service of services) await waitForAnswer(service, "server", 60);
  const { items } = await waitForAnswer(written, "server", 5);
  const acknowledged = writers.by(written.name, Date.now());
  expectThat(items >= acknowledged, `${acknowledged} notes were acknowledged, and ${items} are there`);
  const again = await deployment.deploy(["server"]);
  expectThat(
    /No changes\. Your infrastructure matches/.test(again.output),
    "a second plan is empty",
    tail(again),
  );
  say(
    `server, taken over: one restart on the same data, ${Object.keys(rows).length} tables as before, ${acknowledged} notes acknowledged meanwhile and all there; a second plan is empty`,
  );
  return { rowsEqual: true, lost: 0 };
}

function expectRefused(outcome: Outcome, why: RegExp, what: string): void {
  expectThat(
    !outcome.succeeded && why.test(flat(outcome.output)),
    `${what} should be refused`,
    tail(outcome),
  );
}

/** Terraform breaks the lines of its errors, and draws a bar before each. */
const flat = (output: string) => output.replace(/\s*[│|]?\s*\n\s*[│|]?\s*/g, " ");

async function expectUnchanged(
  ground: Ground,
  before: Running,
  rows: Awaited<ReturnType<typeof contents>>,
  what: string,
): Promise<void> {
  const after = await running(ground);
  expectThat(
    JSON.stringify(after) === JSON.stringify(before),
    `${what} should leave the running server alone`,
    `${JSON.stringify(before)}\n${JSON.stringify(after)}`,
  );
  const differences = different(rows, await contents(ground, databasesOf(ground)));
  expectThat(differences.length === 0, `${what} should leave every row as it is`, differences.join("\n"));
}
