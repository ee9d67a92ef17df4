import { Annotations, App } from "cdktf";
import type { Environment } from "../environments/model/environment";
import { warningsOf } from "../environments/model/warnings";
import { makeEnvironmentFolder, publishManifest } from "./output";
import { RunnerStack } from "./runner-stack";
import { ServiceStack } from "./service-stack";

/**
 * Synthesizes a stack for each service of an environment.
 *
 * @param schemaWrapper text of `migrator/peer/task-wrapper.sh`
 */
export function synthesizeStacks(environment: Environment, schemaWrapper: string): void {
  withoutStackTraces(() => {
    // cdktf's validations run `terraform version` for each import; each stack's `required_version` says the same.
    const app = new App({ outdir: makeEnvironmentFolder(environment.name), skipValidation: true });
    for (const [index, service] of environment.services.entries()) {
      const stack = new ServiceStack(app, { environment, service, schemaWrapper });
      for (const { path, message } of warningsOf(environment, index))
        Annotations.of(stack).addWarning(`${path}: ${message}`);
    }
    if (environment.runner !== undefined) new RunnerStack(app, environment, environment.runner);
    app.synth();
    publishManifest(environment.name);
  });
}

/**
 * cdktf writes down a stack trace for every token, which costs a third of its time and is read by nobody. An error that
 * leaves `work` has its own: it is made when somebody looks at it.
 */
function withoutStackTraces(work: () => void): void {
  const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Error.prepareStackTrace = () => "";
  try {
    work();
  } finally {
    if (before === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    else Object.defineProperty(Error, "prepareStackTrace", before);
  }
}
