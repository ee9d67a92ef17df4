import { Annotations, App, TerraformStack } from "cdktf";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vaultToken } from "../connections/api";
import { BrokenJob } from "../constructs/job/change";
import { authoritiesOf, certificateOf } from "../environments/model/certificate";
import type { Environment } from "../environments/model/environment";
import { loadEnvironment } from "../environments/model/load";
import { InvalidEnvironment, type Problem } from "../environments/model/problems";
import { warningsOf } from "../environments/model/warnings";
import { isOpenTofu } from "../terraform-states/program";
import { makeStateFiles } from "../terraform-states/state-files";
import { nothingSeen, survey, type Survey } from "../survey/survey";
import { adoptionOf, serverAdoptionOf, type Adoption } from "./adoption";
import { makeEnvironmentFolder, publishManifest } from "./output";
import { driftOf, type Drift } from "./drift";
import { BackupsStack } from "./backups-stack";
import { MonitoringStack } from "./monitoring-stack";
import { RunnerStack } from "./runner-stack";
import { ServerStack } from "./server-stack";
import { ServiceStack } from "./service-stack";
import { withoutStackTraces } from "./stack-traces";

/**
 * Loads the environment that `PGMOOR_ENVIRONMENT` names, looks at what exists of it, and synthesizes its stacks.
 *
 * @throws {UserError} when it has problems
 */
export async function synthesize(): Promise<Environment> {
  const schemaWrapper = readFileSync(join(__dirname, "../migrator/peer/task-wrapper.sh"), "utf8");
  const environment = loadEnvironment();
  const ca = certificateOf(environment);
  makeStateFiles(environment);
  const [seen, serverAdoption] = await Promise.all([
    survey(environment),
    vaultToken(process.env) === undefined ? undefined : serverAdoptionOf(environment, process.env),
  ]);
  const jobs = await lookAtJobs(environment, seen);
  synthesizeStacks(environment, schemaWrapper, seen, ca, jobs, serverAdoption, isOpenTofu());
  return environment;
}

/** What Nomad says of a running job and the one that a deploy makes. */
interface ComparedJob {
  readonly adoption?: Adoption | undefined;
  readonly drift?: Drift | undefined;
}

/** Nothing is asked without a token for Vault, as in the survey: nothing can be planned then. */
async function lookAtJobs(
  environment: Environment,
  { deployed }: Survey,
): Promise<ReadonlyMap<string, ComparedJob>> {
  if (vaultToken(process.env) === undefined) return new Map();
  const live = environment.services.filter(({ phase }) => phase !== "retired");
  const compared = live.map(async (service): Promise<[string, ComparedJob]> => {
    const { name } = service.definition;
    const drift = await driftOf(environment, service, deployed.get(name), process.env);
    if (drift !== undefined) return [name, { drift }];
    return [name, { adoption: await adoptionOf(environment, service, process.env) }];
  });
  return new Map(await Promise.all(compared));
}

/**
 * Synthesizes a stack for each service of an environment.
 *
 * @param schemaWrapper text of `migrator/peer/task-wrapper.sh`
 * @param seen what was looked up beforehand @default nobody looked
 * @param ca text of `server.caFile` @default there is none
 * @param jobs what Nomad says of running jobs @default nobody asked
 * @param serverAdoption what the first deploy changes of the central server's job @default nobody asked
 * @param opentofu whether OpenTofu deploys them @default Terraform does
 */
export function synthesizeStacks(
  environment: Environment,
  schemaWrapper: string,
  seen: Survey = nothingSeen,
  ca?: string,
  jobs: ReadonlyMap<string, ComparedJob> = new Map(),
  serverAdoption?: Adoption,
  opentofu = false,
): void {
  withoutStackTraces(() => {
    // cdktf's validations run `terraform version` for each import; each stack's `required_version` says the same.
    const app = new App({ outdir: makeEnvironmentFolder(environment.name), skipValidation: true });
    const broken: Problem[] = [];
    const { job } = environment.server;
    const server = job && new ServerStack(app, environment, job, seen.serverStops, serverAdoption);
    for (const [index, service] of environment.services.entries()) {
      const stops = seen.stops.get(service.definition.name);
      const oldPassword = seen.oldPasswords.get(service.definition.name);
      const newestBackup = seen.newestBackups.get(service.definition.name);
      let stack: ServiceStack;
      try {
        stack = new ServiceStack(app, {
          environment,
          service,
          schemaWrapper,
          ca,
          stops,
          cutOff: seen.cutOff.get(service.definition.name),
          oldPassword,
          newestBackup,
          opentofu,
          ...jobs.get(service.definition.name),
        });
      } catch (error) {
        if (!(error instanceof BrokenJob)) throw error;
        for (const { path, message } of error.problems)
          broken.push({ path: `services[${index}].definition.${path}`, message });
        continue;
      }
      for (const { path, message } of warningsOf(environment, index))
        Annotations.of(stack).addWarning(`${path}: ${message}`);
    }
    if (broken.length > 0) throw new InvalidEnvironment(environment.name, broken);
    if (environment.backups !== undefined)
      new BackupsStack(app, environment, environment.backups, schemaWrapper, ca);
    if (environment.monitoring !== undefined)
      new MonitoringStack(app, environment, environment.monitoring, ca, authoritiesOf(environment));
    // Once there is a server, each stack is deployed by itself again: cdktf deploys none without those that it depends on.
    if (server !== undefined && seen.serverMissing)
      for (const stack of app.node.children)
        if (stack instanceof TerraformStack && stack !== server) stack.addDependency(server);
    if (environment.runner !== undefined) new RunnerStack(app, environment, environment.runner);
    if (seen.gone.size > 0) warnOfGone(app, environment, seen.gone);
    app.synth();
    publishManifest(environment.name);
  });
}

/** cdktf no longer lists their stacks. It shows the warnings of stacks alone, so the first one has it. */
function warnOfGone(app: App, { name }: Environment, gone: Survey["gone"]): void {
  const services = [...gone].map(([service, resources]) => `${service} (${resources.length} resources)`);
  const message = `The environment "${name}" no longer has ${services.join(", ")}, but Terraform's states do. Nothing was destroyed, but nothing looks after them any more. Put each back with phase "retired", deploy it, and then remove it; if it was renamed, give it its old name back.`;
  const [first] = app.node.children;
  if (first === undefined) console.error(message);
  else Annotations.of(first).addWarning(message);
}
