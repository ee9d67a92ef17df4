import { stacksOf } from "../../cli/options/services";
import { servicesAlone } from "../support/services-alone";
import { toVolume, withServer } from "../stacks/own-stacks";

const services = servicesAlone.services.map(({ definition }) => definition.name);

test("without a server and backups of pgmoor's, the services alone", () => {
  expect(stacksOf(servicesAlone, [])).toEqual(services);
  expect(() => stacksOf(servicesAlone, ["server"])).toThrow('has no service "server"');
});

test("the server first, the backups last", () => {
  const environment = withServer({}, toVolume);
  expect(stacksOf(environment, [])).toEqual(["server", ...services, "backups"]);
  expect(stacksOf(environment, ["backups", "gitea", "server"])).toEqual(["server", "gitea", "backups"]);
  expect(stacksOf(environment, ["server"])).toEqual(["server"]);
  expect(() => stacksOf(environment, ["serve"])).toThrow('has no service "serve"');
});
