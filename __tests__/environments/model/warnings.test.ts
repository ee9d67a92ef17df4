import { homelab } from "../../../environments/homelab";
import { warningsOf } from "../../../environments/model/warnings";
import { grafana } from "../../../services/grafana";
import { uptimeKuma } from "../../../services/uptime-kuma";
import type { EnvironmentService } from "../../../environments/model/environment";

const warned = (service: EnvironmentService) => warningsOf({ ...homelab, services: [service] }, 0);

test("the homelab has none", () => {
  expect(homelab.services.flatMap((_, index) => warningsOf(homelab, index))).toEqual([]);
});

test("an image whose tag moves is warned of, its companions' as well", () => {
  const program = { driver: "docker", image: "grafana/grafana:latest", network: "host" } as const;
  const { resources } = grafana;
  const definition = { ...grafana, program, companions: [{ name: "renderer", program, resources }] };
  expect(warned({ definition, phase: "prepared" }).map(({ path }) => path)).toEqual([
    "services[0].definition.program.image",
    "services[0].definition.companions[0].program.image",
  ]);
  const pinned = { ...program, image: "grafana/grafana:latest-ubuntu" };
  expect(warned({ definition: { ...grafana, program: pinned }, phase: "prepared" })).toEqual([]);
});

test("a monitor on the server that it watches is warned of, on its source it is not", () => {
  const definition = { ...uptimeKuma, cannotMove: undefined };
  expect(warned({ definition, phase: "prepared" })).toEqual([]);
  expect(warned({ definition, phase: "cutover" })).toEqual([
    {
      path: "services[0].definition.monitor",
      message: expect.stringContaining("cannot tell anybody") as string,
    },
  ]);
  expect(warned({ definition: { ...definition, source: undefined }, phase: "prepared" })).toHaveLength(1);
});
