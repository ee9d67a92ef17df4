/** Terraform is killed while it makes each resource of a new service, and after each: the next deploy goes on, or says how. */
import { expectSuccess, expectThat, tail } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { killTerraform } from "../moves/blows";
import { newcomer } from "./newcomers";

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
      const outcome = await deployAndKill(bench, service.name, killedAt);
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

/** Kills Terraform at the first line of its output that it was not killed at before. */
async function deployAndKill(bench: Bench, name: string, killedAt: Set<string>) {
  let killed: Promise<number> | undefined;
  const outcome = await bench.deployment.deploy([name], "", (text) => {
    for (const [line] of text.matchAll(/\w+\.\w+ \([^)]*\): (Creating\.\.\.|Creation complete)/g)) {
      if (killed !== undefined || killedAt.has(line)) continue;
      killedAt.add(line);
      killed = killTerraform(bench);
    }
  });
  expectThat((await killed) !== 0, "a Terraform should have run, to be killed");
  // cdktf takes a Terraform that was killed for one that has done its work.
  return { ...outcome, succeeded: outcome.succeeded && killed === undefined };
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
