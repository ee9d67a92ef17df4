import { expectThat, tail } from "../../story/expectations";
import type { Fault } from "../fault";
import { oneOfEach } from "./mistake";

export const serviceRemoved: Fault = {
  name: "service-removed",
  about: "the service is deleted from the environment; other services are deployed",
  strikes: ["cutover"],
  async inject(bench, struck) {
    for (const subject of oneOfEach(struck)) {
      const { name } = subject.service;
      const putBack = await bench.deployment.remove(name);
      const outcome = await bench.deployment.list();
      const says = new RegExp(`no longer has ${name} \\(\\d+ resources\\)`);
      expectThat(
        outcome.succeeded && says.test(outcome.output.replace(/\s+/g, " ")),
        `every cdktf command should warn that ${name} is gone`,
        tail(outcome),
      );
      bench.tell(`${name}: cdktf list warns that it is gone from the environment`);
      await putBack();
      await bench.deploy([subject]);
      bench.tell(`${name}: deployed`);
    }
  },
};
