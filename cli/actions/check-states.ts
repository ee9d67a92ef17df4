import { filesForOthers, goneServices } from "../../terraform-states/read-states";
import { loadEnvironment } from "../../environments/model/load";

export async function checkStates(): Promise<void> {
  const environment = loadEnvironment();
  const gone = [...(await goneServices(environment))];
  const open = filesForOthers(environment);
  if (gone.length === 0 && open.length === 0) {
    console.log(`Every state of "${environment.name}" belongs to a service of the environment.`);
    return;
  }
  if (gone.length > 0)
    console.error(
      [
        `These services have a state, but are no longer in the environment "${environment.name}":`,
        ...gone.map(([service, resources]) => `  ${service}: ${resources.join(", ")}`),
        `Put each back with phase "retired", deploy it, and then remove it. If it was renamed, restore the old name.`,
      ].join("\n"),
    );
  if (open.length > 0)
    console.error(
      [
        "Other users of this machine can read these state files:",
        ...open.map((file) => `  ${file}`),
        `Close them: chmod 600 ${open.map((file) => `'${file}'`).join(" ")}`,
      ].join("\n"),
    );
  process.exitCode = 1;
}
