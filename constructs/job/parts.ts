/** What tasks are made of: driver and configuration, mounts, access to Vault, variables from its secrets. */
import type { Task, Template, Vault, VolumeMount } from "../../nomad/job";
import { envFile, envLine, withSecret } from "../../nomad/template";
import type { Program, ServiceDefinition } from "../../services/definition";
import { portLabel, type ServiceJobProps } from "./props";

/** What a task runs, other than what its program runs by itself. */
export interface Run {
  /** Whether it listens on the service's port. */
  readonly ports?: true;
  /** In place of the image's entrypoint, or of the program. */
  readonly entrypoint?: readonly [string, ...string[]];
  readonly args?: readonly string[];
  /** Runs a container in the host's network, whatever the program says. */
  readonly onHost?: true;
}

export function programOf(
  program: Program,
  run: Run,
): Pick<Task, "Driver" | "Config" | "User" | "KillSignal"> {
  const user = program.user === undefined ? {} : { User: program.user };
  switch (program.driver) {
    case "docker": {
      const args = run.args ?? program.args;
      const network = run.onHost ? "host" : program.network;
      return {
        Driver: "docker",
        ...user,
        Config: {
          image: program.image,
          ...(run.ports && network === "bridge" ? { ports: [portLabel] } : {}),
          ...(network === "host" ? { network_mode: "host" } : {}),
          ...(run.entrypoint === undefined ? {} : { entrypoint: run.entrypoint }),
          ...(args === undefined ? {} : { args }),
        },
      };
    }
    case "exec": {
      const [command, ...args] = run.entrypoint ?? program.command;
      // The signal is what containers get: the driver's own is SIGINT.
      return {
        Driver: "exec",
        ...user,
        Config: { command, args: [...args, ...(run.args ?? [])] },
        KillSignal: "SIGTERM",
      };
    }
  }
}

/** Where a program of the host lies. */
export function programMounts(program: Program): VolumeMount[] {
  if (program.driver !== "exec") return [];
  return program.mounts.map((volume) => volume.readOnly().toApi());
}

/**
 * Only Nomad itself sees the token that it renders templates with: neither a variable nor a file of the task holds it. So a
 * new token, after Vault has been away for longer than the old one lived, is no reason to restart the task.
 */
export function vaultOf({ vaultRole }: ServiceJobProps): Vault {
  return { Role: vaultRole, Env: false, DisableFile: true, ChangeMode: "noop" };
}

/** The variables that the app takes from secrets of its own. */
export function secretsFile(
  { connection }: ServiceJobProps,
  secrets: ServiceDefinition["secrets"] = [],
  onChange: Template["ChangeMode"],
): Template[] {
  if (secrets.length === 0) return [];
  const lines = secrets.map(({ variable, secret, field }) =>
    withSecret(connection.secret.mount, secret, (value) => envLine(variable, value(field))),
  );
  return [envFile("secrets/app.env", lines.join(""), onChange)];
}

export function resourcesOf({ cpuMegahertz, memory }: ServiceDefinition["resources"]): Task["Resources"] {
  return { CPU: cpuMegahertz, MemoryMB: memory.mebibytes };
}
