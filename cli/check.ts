import type { Command } from "commander";
import { goneServices } from "../delivery/states";
import { loadEnvironment } from "../environments/model/load";

export function addCheck(program: Command): void {
  program
    .command("check")
    .description("list services that have a state but are no longer in the environment")
    .action(async () => {
      const environment = loadEnvironment();
      const gone = [...(await goneServices(environment))];
      if (gone.length === 0) {
        console.log(`Every state of "${environment.name}" belongs to a service of the environment.`);
        return;
      }
      console.error(
        [
          `These services have a state, but are no longer in the environment "${environment.name}":`,
          ...gone.map(([service, resources]) => `  ${service}: ${resources.join(", ")}`),
          `Put each back with phase "retired", deploy it, and then remove it. If it was renamed, restore the old name.`,
        ].join("\n"),
      );
      process.exitCode = 1;
    });
}
