/** Moves in which the deploy itself is at fault, or what it begins with. */
import { databaseOf, readSecret } from "../../story/context";
import { writeSecret } from "../../servers/vault";
import { waitFor } from "../../servers/wait";
import { expectThat, tail } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { vaultOf } from "../mistakes/mistake";
import { deployed, moves, type SqliteSubject } from "../steps";
import { expectConfirmed, moveFault } from "./move-fault";

const secretOf = ({ service }: SqliteSubject) => `postgres/${databaseOf(service)}`;
const before = new Map<string, Record<string, string>>();

const passwordChanged = moveFault({
  name: "password-not-the-roles",
  about: "somebody has written another password into the secret before the move",
  async spoil({ lab }, subject) {
    const secret = await readSecret(lab, secretOf(subject));
    before.set(subject.service.name, secret);
    await writeSecret(lab.vault, secretOf(subject), { ...secret, password: "typed in by hand" });
  },
  fails: {
    deploy:
      /The password in secret\/postgres\/\w+ is not the one of the role \w+: .*set passwordVersion to \d+/,
  },
  restore: ({ lab }, subject) => writeSecret(lab.vault, secretOf(subject), before.get(subject.service.name)!),
  quick: true,
});

/** Its secret is the app's own, which the move's tasks read as the app does. */
const template = moveFault({
  name: "template-cannot-render",
  about: "a secret of the app's is gone from Vault: the tasks of the move wait for it until the deadline",
  sample: "speedtest-tracker",
  async spoil(bench) {
    before.set("speedtest", await readSecret(bench.lab, "speedtest"));
    await vaultOf(bench, "DELETE", "metadata/speedtest");
  },
  fails: { task: "schema", says: /^/ },
  meanwhile: async (bench, { service }) => {
    // The job that Nomad puts back needs it, too.
    const what = `${service.name}: a task of its move has failed`;
    await waitFor({ what, deadlineSeconds: 150, everyMs: 200 }, async () =>
      (await bench.nomad.allocations(service.name)).some(({ TaskStates }) => TaskStates?.schema?.Failed),
    );
    await writeSecret(bench.lab.vault, "speedtest", before.get("speedtest")!);
  },
  withinSeconds: 60,
});

const twoDeploys: Fault = {
  name: "two-deploys-of-a-move",
  about: "the same move is deployed twice at the same time",
  strikes: [],
  own: "vaultwarden",
  endsOn: "server",
  async inject(bench: Bench, [one]) {
    const subject = one as SqliteSubject;
    const { name } = subject.service;
    await bench.deployment.edit([name], moves);
    const both = await Promise.all(["one", "two"].map((machine) => bench.deployment.deploy([name], machine)));
    for (const outcome of both.filter(({ succeeded }) => !succeeded)) {
      const said = /Error acquiring the state lock/.exec(outcome.output);
      expectThat(said !== null, "the second deploy should have said that it is the second", tail(outcome));
      bench.tell(`${name}: the second deploy stopped: ${said[0]}`);
    }
    expectThat(
      both.some(({ succeeded }) => succeeded),
      "one deploy should have gone through",
      tail(both[0]!),
    );
    await waitForAnswer(subject.service, "server", 30);
    await expectConfirmed(bench, subject);
    const again = await deployed(bench, subject, {});
    expectThat(
      again.succeeded && again.output.includes("No changes."),
      "nothing should be left to do",
      tail(again),
    );
  },
};

export const aroundTheDeploy: readonly Fault[] = [passwordChanged, template, twoDeploys];
