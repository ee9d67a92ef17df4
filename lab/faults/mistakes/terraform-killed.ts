/** Terraform is killed while it makes or changes each resource, and after each: the next deploy continues, or says how. */
import type { Outcome } from "../../deployment";
import { expectSuccess, expectThat, tail } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { secretVersion } from "../rotation";
import { expectNothingToDo, oneOfEach, rotate } from "./mistake";
import { newcomer } from "./newcomers";

const making = /\w+\.\w+: (Creating\.\.\.|Creation complete)/g;
const changing = /\w+\.\w+: (Modifying\.\.\.|Modifications complete)/g;

export const terraformKilledAtEach: Fault = {
  name: "terraform-killed-at-each-resource",
  about:
    "Terraform is killed during and after each resource of a new service; each time the same deploy is run again",
  strikes: ["cutover"],
  async inject(bench) {
    const { deployment } = bench;
    const service = await newcomer("killed");
    await deployment.add(service);
    const killedAt = new Set<string>();
    let kills = 0;
    for (;;) {
      const outcome = await deployAndKill(bench, service.name, making, killedAt);
      if (outcome.succeeded) break;
      if (killedAt.size > kills) kills = killedAt.size;
      else await doAsToldBy(bench, service.name, outcome.output.replace(/[\s│]+/g, " "));
    }
    await waitForAnswer(service, "server", 60);
    const again = await deployment.deploy([service.name]);
    expectThat(
      again.succeeded && again.output.includes("No changes."),
      "a last deploy should find nothing to do",
      tail(again),
    );
    expectThat(kills >= 10, `Terraform should have been killed ten times and more, not ${kills}`);
    bench.tell(`${service.name}: Terraform was killed ${kills} times; deployed`);
  },
};

export const rotationKilledAtEach: Fault = {
  name: "rotation-killed-at-each-resource",
  about:
    "Terraform is killed during and after each resource of a rotation; each time the same deploy is run again",
  strikes: ["cutover", "adopted"],
  async inject(bench, struck) {
    for (const subject of oneOfEach(struck)) {
      const { name } = subject.service;
      const before = await secretVersion(bench.lab, subject);
      await rotate(bench, subject);
      const killedAt = new Set<string>();
      for (let kills = 0; ; kills++) {
        const outcome = await deployAndKill(bench, name, changing, killedAt);
        if (outcome.succeeded) break;
        expectThat(killedAt.size > kills, `only a kill should end the rotation of ${name}`, tail(outcome));
      }
      bench.tell(`${name}: Terraform was killed at ${[...killedAt].join(", ")}; rotated`);
      expectThat(killedAt.size >= 5, `Terraform should have been killed five times, not ${killedAt.size}`);
      expectThat(
        (await secretVersion(bench.lab, subject)) > before,
        `${name} should have a new password in Vault`,
      );
      await expectNothingToDo(bench, subject);
      await waitForAnswer(subject.service, "server", 30);
    }
  },
};

/** What `cdktf deploy` does, but kills Terraform at the first line of its output that it was not killed at before. */
async function deployAndKill(
  { deployment }: Bench,
  name: string,
  lines: RegExp,
  killedAt: Set<string>,
): Promise<Outcome> {
  for (const step of [
    () => deployment.synthesize(),
    () => deployment.terraform(name, ["init", "-input=false"]),
  ])
    expectSuccess(await step(), `what comes before the deploy of ${name}`);
  let killed = false;
  // One after the other: what is killed is the resource of that line.
  const apply = ["apply", "-input=false", "-auto-approve", "-parallelism=1"];
  return deployment.terraform(name, apply, {}, (text, terraform) => {
    const [line] = [...text.matchAll(lines)].map(([all]) => all).filter((all) => !killedAt.has(all));
    if (killed || line === undefined) return;
    killed = terraform.kill("SIGKILL");
    if (killed) killedAt.add(line);
  });
}

/** What a deploy says that stops: which words to write, or what to run. */
async function doAsToldBy(bench: Bench, name: string, said: string): Promise<void> {
  const words = /write existing: (\["[^\]]*\])/.exec(said)?.[1];
  const address = /run `terraform untaint ([\w.]+)`/.exec(said)?.[1];
  expectThat(words !== undefined || address !== undefined, "a deploy that stops should say what to do", said);
  if (words !== undefined) {
    bench.tell(`${name}: stopped: write existing: ${words}`);
    await bench.deployment.edit([name], { existing: JSON.parse(words) as ("job" | "secret" | "database")[] });
  }
  if (address !== undefined) {
    bench.tell(`${name}: stopped: terraform untaint ${address}`);
    expectSuccess(
      await bench.deployment.terraform(name, ["untaint", address]),
      `terraform untaint ${address}`,
    );
  }
}
