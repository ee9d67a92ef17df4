/** What a person should do next about a service, with the exact edit or command. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { databaseName, databaseSecretName } from "../services/definition";
import { groupName, hasJobspec, jobId, jobNamespace, type Definition } from "../services/job-definition";
import { returningPhase } from "../nomad/phase";
import { isTooOld } from "../survey/password-age";
import { isTold, type JobStatus, type ServiceStatus, type Step } from "./report";

export interface Case {
  readonly environment: Environment;
  /** As the environment has it, and its place there. */
  readonly service: EnvironmentService;
  readonly index: number;
  /** The environment's file: `environments/homelab.ts`. */
  readonly file: string;
  readonly seen: Omit<ServiceStatus, "next">;
}

/** In the order in which it is to be done. */
export function nextSteps(the: Case): Step[] {
  const away = whileAway(the);
  return [...away, ...(away.length > 0 ? [] : toDeclared(the)), ...password(the), ...afterMove(the)];
}

const step = (what: Step["what"], how: string): Step => ({ what, how });

/** A service that is down, or whose deployment is under way. */
function whileAway({ environment, service, seen }: Case): Step[] {
  const { job, up, health } = seen;
  const { definition } = service;
  const namespace = jobNamespace(definition, environment.nomad.namespace);
  const nomad = (command: string) => `nomad ${command} -namespace ${namespace} ${jobId(definition)}`;
  const logs = nomad(`alloc logs -job ${appTask(definition)}`);
  const deploy = `npx cdktf deploy ${definition.name}`;
  if (isTold(job) && job.deployment?.status === "running")
    return [step("wait", `a deployment is under way: ${nomad("job deployments")}`)];
  if (up !== false) return [];
  if (job === null) return [step("start", `down: Nomad has no such job. Run ${deploy}`)];
  if (!isTold(job)) return [step("look", `down: its health check fails. Run ${logs}`)];
  if (job.stopped || job.wanted === 0)
    return [step("start", `down: somebody stopped the job or scaled it to 0. Run ${deploy}`)];
  if (job.status === "dead")
    return [step("start", `down: the job is dead. Run ${nomad("job stop")}, then ${deploy}`)];
  if (job.running === 0)
    return [step("look", `down: Nomad has not placed or started the job. Run ${nomad("job status")}`)];
  const critical = isTold(health) ? health.status : "critical";
  return [step("look", `down: the job runs, its health is ${critical}. Run ${logs}`)];
}

/** Where Nomad finds the app's log: the job may have several groups, and the group several tasks. */
function appTask(definition: Definition): string {
  if (!hasJobspec(definition)) return `-task ${definition.name}`;
  const several = definition.jobspec.TaskGroups.length > 1;
  return `${several ? `-group ${groupName(definition)} ` : ""}-task ${definition.tasks[0]}`;
}

/** From the phase that the job was deployed in to the one in the environment. */
function toDeclared({ service, file, index, seen }: Case): Step[] {
  const { job, ledger } = seen;
  const { definition, phase: declared } = service;
  const deploy = `npx cdktf deploy ${definition.name}`;
  if (job === null) return seen.database === null ? [step("deploy", `not deployed yet. Run ${deploy}`)] : [];
  if (!isTold(job)) return [];
  const onSource = job.phase === null || job.phase === "prepared";
  if (onSource && isTold(ledger) && ledger.state === "confirmed")
    return [
      step(
        "look",
        `runs on its source, and its ledger says that it was confirmed on the server: each side may have rows that the other lacks. In ${file}, write services[${index}].phase: "prepared" with rollback: "copy-back" to keep the server's rows, or with rollback: "discard" to keep the source's, then run ${deploy} (docs/go-back.md#a-confirmed-service-that-runs-on-its-source)`,
      ),
    ];
  if (job.phase === null) return [step("deploy", `pgmoor has not deployed this job yet. Run ${deploy}`)];
  if (job.phase === declared) return [];
  if (declared === "prepared") return [step("deploy", toSource(service, job.phase, file, index))];
  if (declared === "cutover" && isTold(ledger))
    return [
      step(
        "deploy",
        `runs on its source: the last move (attempt ${ledger.attempt}) ended as "${ledger.state}". See why (docs/when-a-move-fails.md), then run ${deploy}`,
      ),
    ];
  return [step("deploy", `runs as "${job.phase}", and ${file} says "${declared}". Run ${deploy}`)];
}

/** What to do about a service that is to be on its source, and was deployed as something else. */
function toSource(
  { definition, rollback }: EnvironmentService,
  phase: string,
  file: string,
  index: number,
): string {
  const deploy = `npx cdktf deploy ${definition.name}`;
  if (phase === returningPhase)
    return rollback === undefined
      ? `is back on its source, and its job still has the tasks of the rollback. Run ${deploy}`
      : `is back on its source. Remove services[${index}].rollback from ${file}, then run ${deploy}`;
  if (rollback !== undefined)
    return `runs as "${phase}", and goes back to its source (rollback "${rollback}") with the next deploy. Run ${deploy}`;
  return `runs as "${phase}", and ${file} says "prepared". To go back to its source, write services[${index}].rollback as well (docs/go-back.md). To stay, write services[${index}].phase: "${phase}"`;
}

function password({ environment, service, file, index, seen }: Case): Step[] {
  if (!isTold(seen.password)) return [];
  const { deleted, works, version, days } = seen.password;
  const secret = `-mount=${environment.vault.mount} ${databaseSecretName(databaseName(service.definition))}`;
  if (deleted)
    return [
      step(
        "undelete",
        `the newest version of its password was deleted in Vault, and it cannot log in after a restart. Run vault kv undelete -versions=${seen.password.vaultVersion} ${secret}`,
      ),
    ];
  if (works === false)
    return [
      step(
        "rotate",
        `the password in Vault is not the role's, and it cannot log in after a restart. ${rotation(service, file, index, version)}`,
      ),
    ];
  if (isTooOld(days, environment))
    return [
      step(
        "rotate",
        `its password is ${days} days old, and the environment allows ${environment.passwordMaxAgeDays}. ${rotation(service, file, index, version)}`,
      ),
    ];
  return [];
}

/** How a service gets a new password. */
function rotation({ definition }: EnvironmentService, file: string, index: number, version: number): string {
  return definition.readsDsnOnce === undefined
    ? `In ${file}, write services[${index}].passwordVersion: ${version + 1}, then run npx cdktf deploy ${definition.name}`
    : `pgmoor cannot rotate it: ${definition.readsDsnOnce}`;
}

function afterMove({ service, file, index, seen }: Case): Step[] {
  const { job, ledger } = seen;
  if (!isTold(ledger) || ledger.state !== "confirmed" || !isTold(job) || !isMoved(job)) return [];
  const changed =
    ledger.sourceChanged === null
      ? []
      : [
          step(
            "source-changed",
            `its source has changed since the move, first seen ${ledger.sourceChanged}. These changes are not on the server. Find out which program writes to the source`,
          ),
        ];
  if (service.phase !== "cutover") return changed;
  return [
    ...changed,
    step(
      "settle",
      `can be settled when you no longer want to go back. In ${file}, write services[${index}].phase: "settled", then run npx cdktf deploy ${service.definition.name}`,
    ),
  ];
}

/** It is on the server, and its job still has the tasks that moved it. */
function isMoved({ phase }: JobStatus): boolean {
  return phase === "cutover";
}
