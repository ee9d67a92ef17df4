/** The whole story on real servers, chapter by chapter. Each proves what it says, or fails. */
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { ListrTask } from "listr2";
import { bootServers, serveStandIns } from "../ground";
import { followFirstPage, firstPageVolume } from "./first-page";
import { adoptable, type AdoptableName } from "../../environments/lab";
import { buildMigrator } from "../../migrator/image/build";
import type { Kinds } from "../kinds";
import { Deployment, type LabService } from "../deployment";
import type { ServedProviders } from "../providers/serve";
import { buildSamples } from "../samples/build";
import type { BootedLab } from "../servers/boot";
import { writeSecret } from "../servers/vault";
import { freePorts } from "../servers/wait";
import { adopt } from "./adopting";
import { deployAgain, goBackAndRetire } from "./afterwards";
import { checkAndSpoil } from "./checking";
import type { Stage } from "./context";
import { failBoth, faultEnvironment, mendBoth } from "./failing";
import { searchForSecrets } from "./leaks";
import { showJobs } from "./homelab-jobs";
import { makeMistakes } from "./mistakes";
import { cutOver, haveMoved, prepare, proveMoved } from "./moving";
import { NomadApi } from "./nomad-api";
import { reviewAndDeploy } from "./pull-requests";
import { rehearse } from "./rehearsing";
import { strike } from "./quick-faults";
import type { MovedService } from "./report";
import { askVersions } from "./versions";
import { showStatus } from "./standing";
import { registerByHand, sourceOf, waitForAnswer, type MovingService } from "./services";
import { realName, realSample } from "./sqlite-source";

/** What the chapters leave for those after them, and for the end. */
export interface Told {
  booted?: BootedLab;
  providers?: ServedProviders;
  stage?: Stage;
  newcomer?: LabService;
  moved: MovedService[];
  secretsFound: number;
  bootSeconds?: number;
}

type Chapter = ListrTask<Told>;
type Say = (line: string) => void;

/** From nothing to services on their sources, as jobs registered by hand. */
export function opening(directory: string, kinds: Kinds = {}): Chapter[] {
  return [
    chapter("Find or build the servers, and start them", async (told, say) => {
      const begun = performance.now();
      told.booted = await bootServers(directory, volumes(), say, undefined, "beside", kinds);
      told.bootSeconds = (performance.now() - begun) / 1000;
      say(`all four run on 127.0.0.1 after ${told.bootSeconds.toFixed(1)} s`);
    }),
    chapter("Find the Terraform providers: the real ones, or stand-ins", async (told, say) => {
      const { lab } = told.booted!;
      told.providers = await serveStandIns(lab, say);
      told.stage = await setStage(told, told.providers !== undefined);
    }),
    chapter("Start services on SQLite, and one on an embedded PostgreSQL", async (told, say) => {
      const { lab, nomad, moving, spoilt, unwell } = told.stage!;
      await Promise.all([
        buildMigrator(path.join(lab.programs, "pgmoor-migrator.cjs")),
        buildSamples(lab.programs),
      ]);
      await writeSecret(lab.vault, "speedtest", { app_key: "typed-in-by-hand" });
      const services = [...moving, spoilt, unwell];
      await Promise.all(services.map((service) => sourceOf(service).seed(lab, service)));
      await Promise.all(services.map((service) => registerByHand(lab, nomad, service)));
      for (const service of services) {
        const { items, backend } = await waitForAnswer(service, "source", 60);
        say(`${service.name}: ${items} items on ${backend}, http://127.0.0.1:${service.port}`);
      }
    }),
  ];
}

/** A change's way from a pull request to the cluster. */
export const pullRequests: Chapter[] = [
  chapter("Pull requests: plan, review, merge, deploy, and refuse one", (told) =>
    reviewAndDeploy(told.stage!),
  ),
];

/** The rest, to the end. */
export const rest: Chapter[] = [
  chapter(
    "Phase prepared: make secrets, roles, databases and identities; the jobs stay on their sources",
    (told) => prepare(told.stage!),
  ),
  chapter("check: no problem at first; then every planted one, all at once", (told) =>
    checkAndSpoil(told.stage!, told.newcomer!),
  ),
  chapter("check --rehearse: move copies into scratch databases while the services run", (told) =>
    rehearse(told.stage!),
  ),
  atATime(
    "Three chapters at a time",
    chapter("Phase cutover: move the services", async (told) => {
      const stage = told.stage!;
      const downtimes = await cutOver(stage);
      for (const service of stage.moving)
        told.moved.push(await proveMoved(stage, service, downtimes.get(service.name)!));
      await deployAgain(stage);
      stage.say("a second deploy changes nothing");
    }),
    chapter(
      "Two moves fail (a bad row, an app that never gets healthy), go back by themselves, and succeed once corrected",
      async (told) => {
        const stage = told.stage!;
        await haveMoved(stage);
        await failBoth(stage);
        await mendBoth(stage);
      },
    ),
    chapter(
      "Adopt five services that already use the server; have Nomad check the homelab's jobs",
      async (told) => {
        const stage = told.stage!;
        await haveMoved(stage);
        await adopt(stage);
        await showJobs(stage);
      },
    ),
  ),
  chapter("Lose an allocation, drain the node: every service comes back with every row", (told) =>
    strike(told.stage!, told.booted!),
  ),
  chapter("status: compare it with Nomad, PostgreSQL and Vault; then stop Vault", (told) =>
    showStatus(told.stage!, told.booted!, told.moved),
  ),
  atATime(
    "Two chapters at a time",
    chapter("Go back to prepared, try to destroy, and retire", (told) => goBackAndRetire(told.stage!)),
    chapter("Follow the first page of the docs word by word", (told) => followFirstPage(told.stage!)),
  ),
  chapter("Make mistakes: each is explained, and nothing is written", async (told) => {
    await askVersions(told.stage!);
    await makeMistakes(told.stage!, told.newcomer!);
  }),
  chapter("Search states, plans, jobs and logs for secrets", async (told) => {
    told.secretsFound = await searchForSecrets(told.stage!);
  }),
];

/** Chapters that mostly wait, told at a time. */
function atATime(title: string, ...chapters: Chapter[]): Chapter {
  return { title, task: (_told, task) => task.newListr(chapters, { concurrent: true }) };
}

/** A chapter that says what it sees; the stage's own `say` is its, too. */
function chapter(title: string, tell: (told: Told, say: Say) => Promise<void>): Chapter {
  return {
    title,
    task: async (told, task) => {
      const say: Say = (line) => {
        task.output = line;
      };
      if (told.stage) told.stage = { ...told.stage, say };
      await tell(told, say);
    },
    rendererOptions: { persistentOutput: true, outputBar: Infinity },
  };
}

const names = {
  vaultwarden: "vaultwarden",
  speedtest: "speedtest",
  real: realName,
  immich: "immich",
  spoilt: "spoilt",
  unwell: "unwell",
};

function volumes(): string[] {
  return ["snapshots", firstPageVolume, ...Object.values(names).map((name) => `${name}_data`)];
}

async function setStage(told: Told, standIns: boolean): Promise<Stage> {
  const { lab } = told.booted!;
  const adoptables = Object.keys(adoptable) as AdoptableName[];
  const ports = await freePorts(8 + adoptables.length);
  const service = <Sample extends LabService["sample"]>(
    name: string,
    sample: Sample,
    environment: Record<string, string> = {},
    existing: LabService["existing"] = ["job"],
  ): LabService & { sample: Sample } => ({
    name,
    sample,
    port: ports.pop()!,
    volume: `${name}_data`,
    phase: "prepared",
    existing,
    environment,
  });
  const moving: MovingService[] = [
    service(names.vaultwarden, "vaultwarden"),
    service(names.speedtest, "speedtest-tracker"),
  ];
  if (existsSync(realSample)) {
    // Made by the real program; our sample program builds the schema that the real one makes in PostgreSQL.
    const schema = "vaultwarden-schema.sql";
    await fs.copyFile(path.join(realSample, "postgres-empty.sql"), path.join(lab.programs, schema));
    moving.push(service(names.real, "vaultwarden", { PGMOOR_LAB_SCHEMA_SQL: `/opt/pgmoor/${schema}` }));
  }
  if (lab.embedded !== undefined)
    moving.push({ ...service(names.immich, "immich"), sourcePort: ports.pop()! });
  const spoilt = service(names.spoilt, "vaultwarden");
  const unwell = service(names.unwell, "vaultwarden", faultEnvironment);
  told.newcomer = service("newcomer", "vaultwarden", {}, []);
  const deployment = new Deployment({
    lab,
    services: [...moving, spoilt, unwell],
    reattach: told.providers?.reattach,
  });
  await deployment.save();
  return {
    lab,
    nomad: new NomadApi(lab),
    deployment,
    moving,
    spoilt,
    unwell,
    adopted: adoptables.map((name) => service(name, name, {}, ["job", "secret", "database"])),
    standIns,
    say: () => undefined,
  };
}
