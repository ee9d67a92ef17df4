import type { Command } from "commander";
import { goneServices } from "../delivery/states";
import { loadEnvironment } from "../environments/model/load";

export function addCheck(program: Command): void {
  program
    .command("check")
    .description("name every service that is in the states, but not in the environment any more")
    .action(async () => {
      const environment = loadEnvironment();
      const gone = [...(await goneServices(environment))];
      if (gone.length === 0) {
        console.log(`Every state of "${environment.name}" belongs to a service of the environment.`);
        return;
      }
      console.error(
        [
          `The environment "${environment.name}" no longer has services that its states know:`,
          ...gone.map(([service, resources]) => `  ${service}: ${resources.join(", ")}`),
          `Put each back with phase "retired", deploy it, and then remove it. If it was renamed, give it its old name back.`,
        ].join("\n"),
      );
      process.exitCode = 1;
    });
}
