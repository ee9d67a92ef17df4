/** Jobs that somebody wrote in HCL are adopted, moved and moved back. What is not pgmoor's stays: Nomad's own plan is the judge. */
import * as path from "node:path";
import type { ListrTask } from "listr2";
import { adoptJob, type Adopted } from "../../adopt/adopt";
import { loadEnvironment } from "../../environments/model/load";
import { labVariable, type LabFacts } from "../../environments/lab";
import { buildMigrator } from "../../migrator/image/build";
import { planChanges, placeOf, type ObjectDiff } from "../../nomad/plan-changes";
import type { JobDefinition } from "../../services/job-definition";
import { Deployment } from "../deployment";
import type { Kinds } from "../kinds";
import { bootServers, serveStandIns } from "../ground";
import { buildSamples } from "../samples/build";
import { call } from "../servers/api";
import type { Lab } from "../servers/lab";
import { personVariables } from "../servers/secure";
import { freePorts, waitFor } from "../servers/wait";
import { asService } from "../story/context";
import { expectSuccess, expectThat, tail } from "../story/expectations";
import { NomadApi } from "../story/nomad-api";
import type { LabService } from "../deployment";
import type { Told } from "../story/story";
import { labJobs, letAllRead, parsed, volumes, type LabJob } from "./jobs";

type Say = (line: string) => void;

/** A job, as it was before pgmoor. */
interface Registered extends LabJob {
  readonly port: number;
  /** What Nomad made of the HCL. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly allocation: string;
  readonly items: number;
}

interface Setting {
  readonly lab: Lab;
  readonly nomad: NomadApi;
  readonly deployment: Deployment;
  readonly say: Say;
}

export function adoptionChapters(directory: string, kinds: Kinds): ListrTask<Told>[] {
  let setting: Setting;
  let jobs: Registered[];
  let adopted: LabFacts["adopted"];
  const tell = (title: string, work: (told: Told, say: Say) => Promise<void>): ListrTask<Told> => ({
    title,
    task: (told, task) =>
      work(told, (line) => {
        task.output = line;
      }),
    rendererOptions: { persistentOutput: true, outputBar: Infinity },
  });
  return [
    tell("Start the servers, and the jobs that somebody wrote", async (told, say) => {
      told.booted = await bootServers(directory, volumes, say, undefined, "beside", kinds);
      const { lab } = told.booted;
      told.providers = await serveStandIns(lab, say);
      const deployment = new Deployment({ lab, services: [], reattach: told.providers?.reattach });
      await deployment.save();
      setting = { lab, nomad: new NomadApi(lab), deployment, say };
      await Promise.all([
        buildMigrator(path.join(lab.programs, "pgmoor-migrator.cjs")),
        buildSamples(lab.programs),
        letAllRead(lab),
      ]);
      jobs = await register(setting);
    }),
    tell("Adopt them; refuse what pgmoor cannot do", async (_, say) => {
      adopted = await adopt({ ...setting, say }, jobs);
      await refuse({ ...setting, say });
    }),
    tell("Deploy them as prepared: nothing of a job on its source changes", async (_, say) => {
      await deploy(setting, adopted);
      for (const job of jobs) await proveKept({ ...setting, say }, job);
    }),
    tell("Move them: every row arrives, and only what is pgmoor's changes", async (_, say) => {
      const moving = moved(adopted);
      await deploy(setting, moving);
      for (const job of jobs) if (job.source !== undefined) await proveMoved({ ...setting, say }, job);
    }),
    tell("Move them back: Nomad's plan of the HCL says None", async (_, say) => {
      const rollbackOf = new Map(jobs.map(({ name, rollback }) => [name, rollback]));
      await deploy(
        setting,
        adopted.map((one) =>
          one.definition.source === undefined
            ? one
            : { ...one, rollback: rollbackOf.get(one.definition.name)! },
        ),
      );
      await deploy(setting, adopted);
      for (const job of jobs) if (job.source !== undefined) await proveBack({ ...setting, say }, job);
    }),
  ];
}

async function register({ lab, nomad, say }: Pick<Setting, "lab" | "nomad" | "say">): Promise<Registered[]> {
  const all = labJobs(lab);
  const ports = await freePorts(all.length + 1);
  const databasePort = ports.pop()!;
  const mounts = lab.programMounts.map(({ volume, destination }) => ({ volume, destination }));
  const registered: Registered[] = [];
  for (const [index, job] of all.entries()) {
    await job.seed(lab);
    const port = ports[index]!;
    const database = { photos: databasePort }[job.name];
    const variables = {
      port,
      node: lab.node,
      mounts,
      ...(database === undefined ? {} : { database_port: database }),
      ...job.variables?.(lab),
    };
    const written = await parsed(lab, job.name, variables);
    await nomad.register(written);
    const { backend, items } = await answer(job.name, port, job.source ?? /^postgresql( 16)?$/);
    say(`${job.name}: ${items} rows on ${backend}`);
    const [allocation] = await nomad.allocations(job.name);
    registered.push({ ...job, port, written, allocation: allocation!.ID, items });
  }
  return registered;
}

interface Answer {
  readonly backend: string;
  readonly items: number;
}

function answer(name: string, port: number, backend: RegExp): Promise<Answer> {
  return waitFor({ what: `${name} answers from ${backend.source}`, deadlineSeconds: 90 }, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/backend`, { signal: AbortSignal.timeout(2_000) });
    const found = (await response.json()) as Answer;
    return response.ok && backend.test(found.backend) && found;
  });
}

async function adopt(
  { lab, deployment, say }: Setting,
  jobs: readonly Registered[],
): Promise<LabFacts["adopted"]> {
  const services: LabFacts["adopted"] = [];
  for (const job of jobs) {
    const { name, answer: answered } = job;
    const shown = await deployment.pgmoor("adopt", [name, "--dry-run"], {});
    expectThat(/defineJob\(/.test(shown.output), `adopt ${name} should print a definition`, tail(shown));
    const found = await adoptedIn(lab, name);
    const asks = found.outcome === "asks";
    expectThat(
      shown.succeeded === !asks && asks === /todo\(/.test(shown.output),
      `adopt ${name} should fail when it asks, and ask by todo()`,
      tail(shown),
    );
    expectThat(!asks || answered !== undefined, `adopt asks of ${name}`, found.reasons.join("\n"));
    say(`${name}: ${found.outcome}: ${found.reasons.join("; ")}`);
    const definition = answered?.(lab, found.definition!) ?? (found.definition as JobDefinition);
    services.push({ definition, phase: "prepared", existing: [...found.existing] });
  }
  await deployment.adopt(services);
  return services;
}

function adoptedIn(lab: Lab, name: string): Promise<Adopted> {
  process.env[labVariable] = lab.directory;
  return adoptJob(loadEnvironment("lab"), name, { ...process.env, ...personVariables(lab) });
}

/** A mesh, groups that share a database, two allocations on one file. */
async function refuse({ lab, nomad, deployment, say }: Setting): Promise<void> {
  const reasons = { mesh: /service mesh/, shared: /share a database/, counted: /2 allocations cannot share/ };
  for (const [kind, reason] of Object.entries(reasons)) {
    await nomad.register(await parsed(lab, "refused", { kind }));
    const { succeeded, output } = await deployment.pgmoor("adopt", ["refused", "--dry-run"], {});
    expectThat(!succeeded && reason.test(output), `adopt should refuse ${kind}`, output);
    await nomad.stop("refused", true);
  }
  say(`refused by name: ${Object.keys(reasons).join(", ")}`);
}

async function deploy({ deployment }: Setting, services: LabFacts["adopted"]): Promise<void> {
  await deployment.adopt(services);
  const names = services.map(({ definition }) => definition.name);
  expectSuccess(await deployment.deploy(names), `the deploy of ${names.join(", ")}`);
}

function moved(services: LabFacts["adopted"]): LabFacts["adopted"] {
  return services.map((one) =>
    one.definition.source === undefined ? one : { ...one, phase: "cutover" as const },
  );
}

/** What Nomad would change if the HCL were registered again. */
async function changesTo({ lab }: Setting, { name, written }: Registered) {
  const body = { Job: written, Diff: true };
  const { Diff } = await call<{ Diff: ObjectDiff }>(`${lab.nomad.address}/v1/job/${name}/plan`, {
    method: "POST",
    body,
  });
  return { type: Diff.Type, places: planChanges(Diff).map(placeOf) };
}

async function proveKept(setting: Setting, job: Registered): Promise<void> {
  const { nomad, say } = setting;
  const { type, places } = await changesTo(setting, job);
  if (job.source === undefined) {
    const foreign = places.filter((place) => !/pgmoor_|task any, (Vault|Template|Env\[DB_)/.test(place));
    expectThat(
      foreign.length === 0,
      `${job.name}: its deploy changed more than its database needs`,
      foreign.join("\n"),
    );
    const { items } = await answer(job.name, job.port, /^postgresql( 16)?$/);
    expectThat(items === job.items, `${job.name} should still have ${job.items} rows, and has ${items}`);
    return say(`${job.name}: its DSN, its access to Vault, and nothing else: ${places.length} fields`);
  }
  const [newest] = await nomad.allocations(job.name);
  expectThat(
    places.length === 0 && newest!.ID === job.allocation,
    `${job.name}: nothing of its job should have changed, and it should not have restarted`,
    [
      `Nomad's plan says ${type}`,
      `its allocation is ${newest!.ID}, and was ${job.allocation}`,
      ...places,
    ].join("\n"),
  );
  // Nomad calls a job edited, and names no change, whose empty lists were written and are null now.
  say(`${job.name}: Nomad's plan says ${type} and names no change, and the same allocation runs`);
}

/** What is pgmoor's in a job that moves. */
const ours =
  /pgmoor_|, task (migrate|schema|source|confirm|postgres)\b|, Update, |, Volume snapshots|, Vault|, Template secrets\/(database|app|db)\.env|, Env\[(DB_|DATABASE_URL)|, Constraint \$\{attr\.(vault|nomad|os\.signals)|, Identity vault_default|, Network, Dynamic Port pgmoor_schema/;

async function proveMoved(setting: Setting, job: Registered): Promise<void> {
  const { lab, nomad, say } = setting;
  const { items } = await answer(job.name, job.port, /^postgresql( 16)?$/);
  expectThat(
    items === job.items,
    `${job.name} should have ${job.items} rows on the server, and has ${items}`,
  );
  const told = await nomad.output(job.name, "migrate", "stderr");
  expectThat(
    !/cannot read this task's deployment/.test(told),
    `${job.name}: its tasks should be able to ask Nomad about their deployment`,
    told,
  );
  const rows = await asService(lab, { name: job.name } as LabService, (client) => job.prove!(lab, client));
  const foreign = (await changesTo(setting, job)).places.filter((place) => !ours.test(place));
  expectThat(foreign.length === 0, `${job.name}: its move changed what is not pgmoor's`, foreign.join("\n"));
  say(`${job.name}: ${rows} rows, equal on both sides; nothing that is not pgmoor's has changed`);
}

async function proveBack(setting: Setting, job: Registered): Promise<void> {
  const { say } = setting;
  const { items } = await answer(job.name, job.port, job.source!);
  expectThat(items === job.items, `${job.name} should have its ${job.items} rows back, and has ${items}`);
  const { type, places } = await changesTo(setting, job);
  expectThat(places.length === 0, `${job.name}: its job is not what it was`, places.join("\n"));
  say(`${job.name}: ${items} rows on its source; Nomad's plan of the HCL says ${type} and names no change`);
}
