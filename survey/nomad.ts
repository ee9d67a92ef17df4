/** Asks Nomad which jobs it has. */
import { z } from "zod";
import type { Environment } from "../environments/model/environment";
import type { Presence } from "./found";
import { read } from "./http";

const job = z.object({ Stop: z.boolean().optional() });

export async function findJob(
  { nomad }: Environment,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Presence> {
  const path = `${encodeURIComponent(name)}?namespace=${encodeURIComponent(nomad.namespace)}`;
  const found = await read(`${nomad.address}/v1/job/${path}`, { "X-Nomad-Token": env.NOMAD_TOKEN });
  if (found?.status === 404) return "absent";
  const parsed = job.safeParse(found?.body);
  if (found?.status !== 200 || !parsed.success) return "unknown";
  return parsed.data.Stop === true ? "absent" : "present";
}
