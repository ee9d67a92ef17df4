/** What Consul's health checks say of a service. */
import { z } from "zod";
import { consulApi } from "../connections/api";
import { ask as request } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import type { Asked, HealthStatus } from "./report";
import { troubleOf } from "./trouble";

/** From good to bad. */
const order = ["passing", "warning", "critical"];

const instances = z.array(z.object({ Checks: z.array(z.object({ Status: z.string() })) }));

/** @returns why it cannot be asked, if it cannot */
export async function consulTrouble(
  environment: Environment,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return troubleOf(await ask(environment, environment.server.service, env), token);
}

export async function healthStatus(
  environment: Environment,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Asked<HealthStatus>> {
  const found = await ask(environment, name, env);
  const trouble = troubleOf(found, token);
  if (trouble !== undefined) return { unknown: `Consul ${trouble}` };
  const parsed = instances.safeParse(found.body);
  if (!parsed.success) return { unknown: "Consul's answer about the service cannot be read" };
  // An instance is as good as its worst check. An allocation that has just been replaced may still be listed.
  const [best] = parsed.data
    .map(({ Checks }) => Math.max(0, ...Checks.map(({ Status }) => order.indexOf(Status))))
    .sort();
  return best === undefined ? null : { status: order[best]! };
}

function ask({ consul }: Environment, name: string, env: NodeJS.ProcessEnv) {
  return request(consulApi(consul, env), `/v1/health/service/${encodeURIComponent(name)}`);
}

const token = "the token in CONSUL_HTTP_TOKEN";
