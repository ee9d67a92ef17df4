/** Mistakes with a service that is not there yet. What runs already is written to meanwhile. */
import type { LabService } from "../../deployment";
import { freePorts } from "../../servers/wait";
import { expectSuccess, expectThat, tail } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { vaultOf } from "./mistake";

export async function newcomer(
  name: string,
  environment: LabService["environment"] = {},
): Promise<LabService> {
  const [port] = await freePorts(1);
  return {
    name,
    sample: "gitea",
    port: port!,
    volume: "",
    phase: "prepared",
    existing: [],
    environment,
  };
}

async function expectOneVersion(bench: Bench, name: string): Promise<void> {
  const { data } = (await vaultOf(bench, "GET", `metadata/postgres/${name}`)) as {
    data: { current_version: number };
  };
  expectThat(data.current_version === 1, `the secret of ${name} should have been written once`);
}

export const createFailed: Fault = {
  name: "create-failed",
  about: "the first deploy of a new service fails because of a typo, which is then corrected",
  strikes: ["cutover"],
  async inject(bench) {
    const { deployment, nomad } = bench;
    const service = await newcomer("typo", { PGMOOR_LAB_DSN: "a typo" });
    await deployment.add(service);
    const failed = await deployment.deploy([service.name]);
    expectThat(
      !failed.succeeded,
      "the first deploy of a service with a typo should have failed",
      tail(failed),
    );
    bench.tell(`${service.name}: its first deploy failed`);
    const before = await nomad.job(service.name);
    await deployment.edit([service.name], { environment: {} });
    expectSuccess(await deployment.deploy([service.name]), "the deploy without the typo");
    await waitForAnswer(service, "server", 30);
    const after = await nomad.job(service.name);
    expectThat(after.Version > before.Version, "the job should never have been purged");
    await expectOneVersion(bench, service.name);
    bench.tell(`${service.name}: corrected and deployed`);
  },
};

export const twoMachines: Fault = {
  name: "two-machines-at-once",
  about: "two machines deploy the same new service at the same time, with their states in Consul",
  strikes: ["cutover"],
  async inject(bench) {
    const { deployment } = bench;
    const service = await newcomer("twice");
    await deployment.keepStates("consul");
    try {
      await deployment.add(service);
      const both = await Promise.all(
        ["one", "two"].map((machine) => deployment.deploy([service.name], machine)),
      );
      for (const outcome of both.filter(({ succeeded }) => !succeeded)) {
        const said = /Error acquiring the state lock|state does not have (it|them)/.exec(
          outcome.output.replace(/[\s│]+/g, " "),
        );
        expectThat(said !== null, "the second machine should have said that it is the second", tail(outcome));
        bench.tell(`${service.name}: the second machine stopped: ${said[0]}`);
      }
      expectThat(
        both.some(({ succeeded }) => succeeded),
        "one machine should have deployed",
        tail(both[0]!),
      );
      const again = await deployment.deploy([service.name], "two");
      expectThat(
        again.succeeded && again.output.includes("No changes."),
        "the second machine should find nothing to do",
        tail(again),
      );
      await waitForAnswer(service, "server", 30);
      await expectOneVersion(bench, service.name);
      bench.tell(`${service.name}: deployed once`);
    } finally {
      await deployment.remove(service.name);
      await deployment.keepStates("folder");
    }
  },
};
