/** Whether the source would move: a throw-away job on its node copies it into a scratch database, as the cutover would. */
import { z } from "zod";
import { nomadApi } from "../../connections/api";
import { ask } from "../../connections/ask";
import { messageOf } from "../../migrator/base/errors";
import { databaseName, databaseSecretName } from "../../services/definition";
import { jobId, jobNamespace, type Definition } from "../../services/job-definition";
import { isAdmin } from "../../survey/postgres";
import { isTold } from "../../status/report";
import type { CheckedService, Found, Look, Probe, Told } from "../probe";
import { rehearse, type Printed } from "../rehearsal/rehearse";
import { findingsOf } from "../rehearsal/findings";

export interface Rehearsing {
  /** Aborts when it is told to end: what was made is removed then, too. */
  readonly stop: AbortSignal;
  /** Told what happens, as it takes time. */
  readonly say: (line: string) => void;
}

export function rehearsal({ stop, say }: Rehearsing): Probe {
  return {
    name: "rehearsal",
    needs: ["nomad", "vault", "postgres"],
    async look(look) {
      const problems: Told[] = [];
      const notes: Told[] = [];
      // One after the other: each is as much work for the node and the server as a move.
      for (const service of look.services) {
        const found = await rehearsed(look, service, stop, say);
        problems.push(...(found.problems ?? []));
        notes.push(...(found.notes ?? []));
      }
      return { problems, notes };
    },
  };
}

async function rehearsed(
  look: Look,
  { service, name, job }: CheckedService,
  stop: AbortSignal,
  say: Rehearsing["say"],
): Promise<Found> {
  const { environment, place, admin, secretIn, env } = look;
  const { source, cannotMove } = service.definition;
  const note = (what: string): Found => ({ notes: [{ service: name, what }] });
  const problem = (what: string): Found => ({ problems: [{ service: name, what }] });
  if (source === undefined || cannotMove !== undefined) return {};
  if (!isTold(job) || job.phase === null)
    return note("not rehearsed: deploy it as prepared first, which makes its role and its password");
  if (job.phase !== "prepared") return {};
  if (typeof admin === "string" || !isAdmin(admin) || place === undefined) return {};
  const node = await nodeOf(look, service.definition);
  if (node === undefined)
    return problem("not rehearsed: no allocation of it runs, which would say on which client its data is");
  const secret = await secretIn(databaseSecretName(databaseName(service.definition)));
  say(`${name}: rehearsing its move`);
  let printed: Printed;
  try {
    printed = await rehearse({ environment, place, admin, service, source, node, env, stop });
  } catch (error) {
    stop.throwIfAborted();
    return problem(messageOf(error));
  }
  const { password } = secret.data;
  const found = findingsOf(printed, typeof password === "string" ? [password] : []);
  const told = (all: readonly string[]) => all.map((what): Told => ({ service: name, what }));
  return { problems: told(found.problems), notes: told(found.notes) };
}

const running = z.array(z.object({ NodeID: z.string(), ClientStatus: z.string() }));

async function nodeOf({ environment, env }: Look, definition: Definition): Promise<string | undefined> {
  const { nomad } = environment;
  const [id, where] = [jobId(definition), jobNamespace(definition, nomad.namespace)].map(encodeURIComponent);
  const answer = await ask(nomadApi(nomad, env), `/v1/job/${id}/allocations?namespace=${where}`);
  return running.safeParse(answer.body).data?.find(({ ClientStatus }) => ClientStatus === "running")?.NodeID;
}
