import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "./environment";
import { InvalidEnvironment, UserError } from "./problems";
import { validate } from "./validate";

/** The variable that chooses the environment, and the one that is taken without it. */
export const environmentVariable = "PGMOOR_ENVIRONMENT";
const defaultEnvironment = "homelab";

/** The name of the environment that is asked for, and of its file. */
export function chosenEnvironment(): string {
  return process.env[environmentVariable] ?? defaultEnvironment;
}

/** An environment is a file of this folder. */
const folder = resolve(__dirname, "..");

/** The names of all environments: those of their files. */
export function environmentNames(from = folder): string[] {
  return readdirSync(from, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map(({ name }) => name.slice(0, -".ts".length))
    .sort();
}

/**
 * The environment of this name, validated.
 *
 * @throws {UserError} when there is no such file, when it cannot be loaded, or when it has problems: all of them
 */
export function loadEnvironment(name = chosenEnvironment(), from = folder): Environment {
  const names = environmentNames(from);
  if (!names.includes(name))
    throw new UserError(
      `There is no environment "${name}" (${environmentVariable}). Allowed: ${names.join(", ")}; each is a file in environments/.`,
    );
  const environment = environmentOf(name, join(from, `${name}.ts`));
  // It names the folder of the states and the working folders, which are this environment's alone.
  if (environment.name !== name && !environment.name.startsWith(`${name}-`))
    throw new InvalidEnvironment(environment.name, [
      {
        path: "name",
        message: `"${environment.name}" is not the name of the file environments/${name}.ts. Allowed: "${name}".`,
      },
    ]);
  return validate(environment);
}

/** What a file exports. */
function environmentOf(name: string, file: string): Environment {
  const exported = defaultOf(name, file);
  const environment: unknown = typeof exported === "function" ? (exported as () => unknown)() : exported;
  if (typeof environment !== "object" || environment === null || !("name" in environment))
    throw new UserError(
      `environments/${name}.ts exports no environment. Add its name to the end of the file: export default ${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())};`,
    );
  return environment as Environment;
}

function defaultOf(name: string, file: string): unknown {
  try {
    // The programs are CommonJS and load synchronously; tsx compiles the file.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return (require(file) as { default?: unknown }).default;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`environments/${name}.ts cannot be loaded: ${(error as Error).message}`);
  }
}
