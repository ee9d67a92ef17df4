/** What stops every plan, before Terraform looks: lost states, deleted secrets, wrong passwords, old servers, old passwords. */
import { ownStacks } from "../../environments/model/own-stacks";
import { survey } from "../../survey/survey";
import type { Probe } from "../probe";

export const states: Probe = {
  name: "states",
  needs: ["vault"],
  async look({ environment, services, env }) {
    const { stops, gone, oldPasswords, serverStops } = await survey(environment, env);
    const told = services.flatMap(({ name }) =>
      [...(stops.get(name) ?? []), ...(oldPasswords.has(name) ? [oldPasswords.get(name)!] : [])].map(
        (what) => ({ service: name, what }),
      ),
    );
    const left = [...gone].map(([service, resources]) => ({
      service,
      what: `left the environment, and its state has ${resources.length} resources. Put it back with phase "retired", deploy it, and then remove it (docs/retire-a-service.md)`,
    }));
    const ofServer = serverStops.map((what) => ({ service: ownStacks.server, what }));
    return { problems: [...ofServer, ...told, ...left] };
  },
};
