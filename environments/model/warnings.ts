/** What is allowed in an environment, and seldom meant. */
import type { DockerProgram, ExecProgram, ServiceDefinition } from "../../services/definition";
import { hasJobspec, type JobDefinition } from "../../services/job-definition";
import type { Environment } from "./environment";
import type { Problem } from "./problems";

/** What the plan of a service should warn of; `index` is its place in the environment. */
export function warningsOf({ services }: Environment, index: number): Problem[] {
  const { definition, phase } = services[index]!;
  const at = `services[${index}].definition`;
  const { source, monitor } = definition;
  const onServer =
    phase === "cutover" || phase === "settled" || (phase === "prepared" && source === undefined);
  return [
    ...(hasJobspec(definition) ? latestOfTasks(at, definition) : latestOfPrograms(at, definition)),
    ...(monitor && onServer ? [{ path: `${at}.monitor`, message: blindMonitor }] : []),
  ];
}

const blindMonitor =
  "a monitor should not depend on what it monitors: when the server is down, this one cannot tell anybody. Have something else watch the server.";

function latestOfPrograms(at: string, { program, companions = [] }: ServiceDefinition): Problem[] {
  return [
    ...latest(`${at}.program.image`, program),
    ...companions.flatMap((companion, place) =>
      latest(`${at}.companions[${place}].program.image`, companion.program),
    ),
  ];
}

function latestOfTasks(at: string, { jobspec, tasks }: JobDefinition): Problem[] {
  return jobspec.TaskGroups.flatMap(({ Tasks }, group) =>
    Tasks.flatMap((task, place) =>
      (task.Driver === "docker" || task.Driver === "podman") && tasks.includes(task.Name)
        ? latest(`${at}.jobspec.TaskGroups[${group}].Tasks[${place}].Config.image`, {
            driver: "docker",
            image: task.Config.image,
          })
        : [],
    ),
  );
}

function latest(path: string, program: Pick<DockerProgram, "driver" | "image"> | ExecProgram): Problem[] {
  if (program.driver !== "docker" || !/:latest(@|$)/.test(program.image)) return [];
  return [
    {
      path,
      message: `${program.image} means the image that was pulled last: a restart may run another release than the one that built the schema. Use a release tag.`,
    },
  ];
}
