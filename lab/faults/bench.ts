/** What faults work with: the lab, and what one does to a cluster. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client } from "pg";
import type { Deployment } from "../deployment";
import type { BootedLab } from "../servers/boot";
import { ApiError } from "../servers/api";
import { consulLeads } from "../servers/consul";
import type { Lab } from "../servers/lab";
import { nodeReady, nomadLeads } from "../servers/nomad";
import { cutPower } from "../servers/stop";
import { unseal } from "../servers/vault";
import { waitFor } from "../servers/wait";
import { asAdmin } from "../story/context";
import { expectSuccess } from "../story/expectations";
import type { Allocation, NomadApi } from "../story/nomad-api";
import { ask } from "../story/services";
import type { Subject } from "./subjects";

export type Power = "postgres" | "consul" | "vault" | "nomad";

/** How each is brought back. */
const powers: Readonly<Record<Power, (bench: Bench) => Promise<void>>> = {
  postgres: ({ booted }) => booted.start("postgres"),
  consul: async ({ booted, lab }) => {
    await booted.start("consul");
    await consulLeads(lab.consul.address);
  },
  vault: async ({ booted, lab }) => {
    await booted.start("vault");
    await unseal(lab.vault);
  },
  nomad: async ({ booted, lab }) => {
    await booted.start("nomadServer");
    await nomadLeads(lab.nomad.address);
    await booted.start("nomadClient");
  },
};

type HostVolumes = Record<string, { path: string; read_only: boolean }>;

/** How long a task that runs may take to answer, before it is one that waits for something. */
const patienceSeconds = 20;

/**
 * Whether an allocation is over, or one of its tasks was started four times, waits for what its templates need, or runs and
 * does not answer.
 */
function inVain({ ClientStatus, TaskStates }: Allocation): boolean {
  if (["failed", "lost"].includes(ClientStatus)) return true;
  return Object.values(TaskStates ?? {}).some(({ State, StartedAt, Restarts, Events }) => {
    const runs = State === "running" && Date.now() - Date.parse(StartedAt) > patienceSeconds * 1000;
    return runs || Restarts >= 3 || Events.some(({ Type }) => Type === "Template");
  });
}

/** Nomad has forgotten an allocation: its job was purged. */
function ifGone(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}

export class Bench {
  constructor(
    readonly booted: Pick<BootedLab, "lab" | "servers" | "start">,
    readonly nomad: NomadApi,
    readonly deployment: Deployment,
    /** Told to the person who watches. */
    readonly say: (line: string) => void,
  ) {}

  /** The same lab, for a fault that is tried beside another. */
  another(): Bench {
    return new Bench(this.booted, this.nomad, this.deployment, this.say);
  }

  /** What deploys did, for the fault's line on stdout. */
  readonly told: string[] = [];

  tell(line: string): void {
    this.told.push(line);
    this.say(line);
  }

  /** `work` on a database of the central server, as its admin. */
  asAdmin<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
    return asAdmin(this.lab, database, work);
  }

  get lab(): Lab {
    return this.booted.lab;
  }

  /** The allocation that a service's job has now. */
  async allocation({ service }: Subject): Promise<Allocation> {
    const [newest] = await this.nomad.allocations(service.name);
    if (newest === undefined) throw new Error(`${service.name} has no allocation`);
    return newest;
  }

  /** Waits until this allocation has ended: until then it may go on answering. */
  async ended({ ID, JobID }: Allocation): Promise<void> {
    const what = `allocation ${ID.slice(0, 8)} of ${JobID} has ended`;
    await waitFor({ what, deadlineSeconds: 60 }, async () => {
      const found = await this.nomad.allocation(ID).catch(ifGone);
      return found === undefined || ["complete", "failed", "lost"].includes(found.ClientStatus);
    });
  }

  /**
   * Stops the allocations of these services, one after the other, and waits until they have ended. Nomad places others at once.
   * While two allocations have one port (the old one is ending), Nomad places nothing else on the node: stopped together, some
   * would wait as in a drain.
   */
  async loseAllocations(struck: readonly Subject[]): Promise<void> {
    for (const subject of struck) {
      const allocation = await this.allocation(subject);
      await this.nomad.stopAllocation(allocation.ID);
      await this.ended(allocation);
    }
  }

  /** All servers and tasks of the lab are dead at once. */
  cutPower(): Promise<void> {
    return cutPower(this.lab);
  }

  /** Starts these again and waits until each works: Vault unsealed, Consul and Nomad with a leader. */
  async restore(...which: readonly Power[]): Promise<void> {
    for (const one of which) await powers[one](this);
  }

  /** Services of these that answer no request now. */
  async silent(subjects: readonly Subject[]): Promise<Subject[]> {
    const asked = await Promise.all(
      subjects.map(async (subject) => ({
        subject,
        answers: await ask(subject.service).then(
          () => true,
          () => false,
        ),
      })),
    );
    return asked.filter(({ answers }) => !answers).map(({ subject }) => subject);
  }

  /**
   * Waits until each service either answers, or has tried to start and failed so often that Nomad has made it wait: what is
   * still away is missed by then.
   */
  async missed(subjects: readonly Subject[]): Promise<void> {
    const wait = { what: "each service answers, or has failed", deadlineSeconds: 150, everyMs: 500 };
    // Once is enough: the next try of one is under way while another's fails.
    const failed = new Set<string>();
    await waitFor(wait, async () => {
      const silent = await this.silent(subjects);
      for (const { service } of silent) {
        const [newest] = await this.nomad.allocations(service.name);
        if (newest !== undefined && inVain(newest)) failed.add(service.name);
      }
      return silent.every(({ service }) => failed.has(service.name));
    });
  }

  /** Starts Nomad's client anew with another list of host volumes; tasks go on meanwhile. */
  async hostVolumes(change: (volumes: HostVolumes) => HostVolumes): Promise<void> {
    const file = path.join(this.lab.directory, "nomad/client/nomad.json");
    const config = JSON.parse(await fs.readFile(file, "utf8")) as { client: { host_volume: HostVolumes } };
    config.client.host_volume = change(config.client.host_volume);
    await fs.writeFile(file, JSON.stringify(config, undefined, 2));
    await this.booted.servers.nomadClient.stop();
    await this.restore("nomad");
    await nodeReady(this.lab.nomad.address);
  }

  /** Deploys these services as they are in the environment. */
  async deploy(subjects: readonly Subject[]): Promise<void> {
    const names = subjects.map(({ service }) => service.name);
    if (names.length > 0)
      expectSuccess(await this.deployment.deploy(names), `the deploy of ${names.join(", ")}`);
  }

  /** Waits until a service's newest allocation runs, with nothing of it still to start, and its deployment is over. */
  async steady({ service }: Subject, deadlineSeconds = 90): Promise<void> {
    const what = `${service.name} runs, with nothing of it still to start`;
    await waitFor({ what, deadlineSeconds, everyMs: 200 }, async () => {
      const [newest] = await this.nomad.allocations(service.name);
      if (newest === undefined) throw new Error("no allocation");
      const { ID, ClientStatus, DesiredStatus, TaskStates } = newest;
      if (ClientStatus !== "running" || DesiredStatus !== "run")
        throw new Error(`allocation ${ID} is ${ClientStatus}, to ${DesiredStatus}`);
      for (const [name, { State, Failed }] of Object.entries(TaskStates ?? {}))
        if (State === "pending" || Failed) throw new Error(`${name} is ${Failed ? "failed" : State}`);
      const deployment = await this.nomad.deployment(service.name);
      if (deployment !== null && ["running", "pending"].includes(deployment.Status))
        throw new Error(`its deployment is ${deployment.Status}`);
      return true;
    });
  }
}
