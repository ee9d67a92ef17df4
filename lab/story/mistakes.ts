/** Mistakes people make, with a service that is not there yet: each is told clearly, and nothing is made. */
import * as fs from "node:fs/promises";
import { environmentVariable } from "../../environments/model/load";
import type { Deployment, LabService, Outcome } from "../deployment";
import { serveProviders } from "../providers/serve";
import { call } from "../servers/api";
import { writeSecret } from "../servers/vault";
import { freePorts } from "../servers/wait";
import { readSecret, type Stage } from "./context";
import { tail, expectThat } from "./expectations";

interface Mistake {
  readonly name: string;
  /** What the error has to say. */
  readonly says: RegExp;
  /** Makes the mistake, deploys, and takes the mistake back. */
  readonly deploy: (stage: Stage, newcomer: LabService) => Promise<Outcome>;
}

const apply = ({ deployment }: Stage, { name }: LabService, env?: Readonly<Record<string, string>>) =>
  deployment.terraform(name, ["apply", "-auto-approve", "-input=false"], env);

async function synthesizeWith(
  deployment: Deployment,
  name: string,
  change: Partial<LabService>,
): Promise<Outcome> {
  const takeBack = await deployment.edit([name], change);
  const outcome = await deployment.synthesize();
  await takeBack();
  return outcome;
}

const mistakes: readonly Mistake[] = [
  {
    name: "an environment that is not there",
    says: /There is no environment "homelob" \(PGMOOR_ENVIRONMENT\)\. Allowed: homelab, lab[;,]/,
    deploy: ({ deployment }) => deployment.synthesize({ [environmentVariable]: "homelob" }),
  },
  {
    name: "a name that is none",
    says: /services\[\d+\]\.definition\.name: "New Comer" is not a name for a Nomad job\. Allowed: /,
    deploy: ({ deployment }, { name }) => synthesizeWith(deployment, name, { name: "New Comer" }),
  },
  {
    name: "a database that another service has",
    says: /services\[\d+\]\.definition\.database\.name: "[a-z]+" is already used by services\[0\]/,
    deploy: ({ deployment, moving }, { name }) => synthesizeWith(deployment, name, { name: moving[0]!.name }),
  },
  {
    name: "no Vault token",
    says: /no vault token|VAULT_TOKEN/i,
    deploy: async (stage, newcomer) => {
      const none = { VAULT_TOKEN: "", HOME: stage.lab.directory };
      if (!stage.standIns) return apply(stage, newcomer, none);
      const providers = await serveProviders({});
      const outcome = await apply(stage, newcomer, { ...none, TF_REATTACH_PROVIDERS: providers.reattach });
      await providers.stop();
      return outcome;
    },
  },
  {
    name: "Vault sealed",
    says: /sealed/i,
    deploy: async (stage, newcomer) => {
      const { vault } = stage.lab;
      const headers = { "X-Vault-Token": vault.token };
      await call(`${vault.address}/v1/sys/seal`, { method: "PUT", headers });
      const outcome = await apply(stage, newcomer);
      await call(`${vault.address}/v1/sys/unseal`, { method: "PUT", body: { key: vault.unsealKey } });
      return outcome;
    },
  },
  {
    name: "Nomad out of reach",
    says: /connection refused/i,
    deploy: async (stage, newcomer) => {
      const [nobody] = await freePorts(1);
      await stage.deployment.save(`http://127.0.0.1:${nobody}`);
      await stage.deployment.synthesize();
      const outcome = await apply(stage, newcomer);
      await stage.deployment.save();
      await stage.deployment.synthesize();
      return outcome;
    },
  },
  {
    name: "PostgreSQL refusing the admin",
    says: /password authentication failed/,
    deploy: async (stage, newcomer) => {
      const admin = await readSecret(stage.lab, "postgres/admin");
      await writeSecret(stage.lab.vault, "postgres/admin", { ...admin, password: "of yesterday" });
      const outcome = await apply(stage, newcomer);
      await writeSecret(stage.lab.vault, "postgres/admin", admin);
      return outcome;
    },
  },
];

/** Makes each, one after the other. */
export async function makeMistakes(stage: Stage, newcomer: LabService): Promise<void> {
  const { deployment, say } = stage;
  await deployment.add(newcomer);
  // All is right but for the mistakes. The plan is also for whoever searches for secrets: it makes one.
  await deployment.plan(newcomer.name);
  for (const { name, says, deploy } of mistakes) {
    const outcome = await deploy(stage, newcomer);
    expectThat(!outcome.succeeded, `${name}: the deploy should have failed`);
    const told = outcome.output.split("\n").find((line) => says.test(line)) ?? says.exec(outcome.output)?.[0];
    expectThat(told !== undefined, `${name}: the error should have said ${says.source}`, tail(outcome));
    expectThat(
      !/^\s+at .*:\d+:\d+\)?$/m.test(outcome.output),
      `${name}: a stack trace is not for the user`,
      tail(outcome),
    );
    await expectNothingMade(stage, newcomer, name);
    say(`${name}: ${told.replace(/^[\s│]+/, "")}`);
  }
}

async function expectNothingMade(
  { lab, deployment }: Stage,
  newcomer: LabService,
  mistake: string,
): Promise<void> {
  const secret = await readSecret(lab, `postgres/${newcomer.name}`).catch(() => undefined);
  expectThat(secret === undefined, `${mistake}: it should not have made a secret`);
  const state = await fs.readFile(deployment.stateFile(newcomer.name), "utf8").catch(() => undefined);
  // Made beforehand, for nobody else to read.
  const made = !state ? [] : (JSON.parse(state) as { resources: { mode: string }[] }).resources;
  expectThat(
    made.every(({ mode }) => mode !== "managed"),
    `${mistake}: the state should have no resources`,
  );
}
