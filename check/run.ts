/** Checks whether an environment can be deployed, before anything is: every probe looks, and all problems are told at once. */
import type { Environment } from "../environments/model/environment";
import { atATime } from "../status/at-a-time";
import { jobStatus } from "../status/nomad";
import { reach, serversOf, type Reached } from "../status/reach";
import { isTold } from "../status/report";
import type { Look, Probe } from "./probe";
import { backup } from "./probes/backup";
import { identity } from "./probes/identity";
import { image } from "./probes/image";
import { placement } from "./probes/placement";
import { rehearsal, type Rehearsing } from "./probes/rehearsal";
import { server } from "./probes/server";
import { states } from "./probes/states";
import { target } from "./probes/target";
import type { CheckReport, Finding } from "./report";

const probes: readonly Probe[] = [states, identity, placement, server, image, target];

/** Requests at a time. */
const atOnce = 8;

/** @param rehearsing rehearses the moves of services on their sources, too. @default only looks */
export async function runChecks(
  environment: Environment,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
  rehearsing?: Rehearsing,
): Promise<CheckReport> {
  const reached = await reach(environment, env);
  const look = { ...reached, environment, env, services: await servicesOf(environment, names, reached, env) };
  const problems: Finding[] = serverProblems(look);
  const notes: Finding[] = [];
  const notChecked: { probe: string; why: string }[] = [];
  const asked = [
    ...probes,
    ...(environment.backups === undefined ? [] : [backup]),
    ...(rehearsing === undefined ? [] : [rehearsal(rehearsing)]),
  ];
  for (const probe of asked) {
    const why = missing(probe, reached);
    if (why !== undefined) {
      notChecked.push({ probe: probe.name, why });
      continue;
    }
    const found = await probe.look(look);
    problems.push(...(found.problems ?? []).map((one) => ({ ...one, probe: probe.name })));
    notes.push(...(found.notes ?? []).map((one) => ({ ...one, probe: probe.name })));
    notChecked.push(...[...new Set(found.notChecked)].map((why) => ({ probe: probe.name, why })));
  }
  const { name } = environment;
  return { pgmoor: "check", environment: name, asked: new Date().toISOString(), problems, notes, notChecked };
}

async function servicesOf(
  environment: Environment,
  names: readonly string[],
  { nomad }: Reached,
  env: NodeJS.ProcessEnv,
): Promise<Look["services"]> {
  const live = environment.services.filter(
    ({ phase, definition }) => phase !== "retired" && names.includes(definition.name),
  );
  return atATime(atOnce, live, async (service) => {
    const { name } = service.definition;
    const job = nomad === undefined ? await jobStatus(environment, service, env) : { unknown: nomad };
    return { service, name, job };
  });
}

/** Servers that cannot be asked. */
function serverProblems(look: Look): Finding[] {
  const postgres = typeof look.admin === "string" ? look.admin : undefined;
  const servers = serversOf(look.environment, look, postgres).flatMap(({ server, at, trouble }) =>
    trouble === null ? [] : [`${server}${at === null ? "" : ` at ${at}`} ${trouble}`],
  );
  const jobs = look.services.flatMap(({ name, job }) =>
    job === null || isTold(job) || look.nomad !== undefined ? [] : [{ service: name, what: job.unknown }],
  );
  return [...servers.map((what) => ({ service: null, what })), ...jobs].map((one) => ({
    ...one,
    probe: "servers",
  }));
}

/** Why a probe cannot look. */
function missing({ needs }: Probe, { nomad, vault, admin }: Reached): string | undefined {
  const reasons = {
    nomad: nomad && `Nomad ${nomad}`,
    vault: vault && `Vault ${vault}`,
    postgres: typeof admin === "string" ? `PostgreSQL ${admin}` : undefined,
  };
  const all = needs.flatMap((server) => reasons[server] ?? []);
  return all.length === 0 ? undefined : all.join("; ");
}
