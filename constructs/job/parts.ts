/** What tasks are made of: driver and configuration, mounts, access to Vault, variables from its secrets. */
import type { AnyTask, DriverAndConfig, Resources, Template, Vault, VolumeMount } from "../../nomad/job";
import { envFile, envLine, withSecret } from "../../nomad/template";
import type { Program, ServiceDefinition } from "../../services/definition";
import { portLabel, type ServiceJobProps } from "./props";
import type { Run } from "./run";

export function programOf(
  program: Program,
  run: Run,
): DriverAndConfig & Pick<AnyTask, "User" | "KillSignal"> {
  const user = program.user === undefined ? {} : { User: program.user };
  switch (program.driver) {
    case "docker": {
      const args = run.args ?? program.args;
      const network = run.network ?? program.network;
      return {
        Driver: "docker",
        ...user,
        Config: {
          image: program.image,
          ...(run.ports && network === "bridge" ? { ports: [portLabel] } : {}),
          ...(network === "host" ? { network_mode: "host" } : {}),
          ...(run.entrypoint === undefined ? {} : { entrypoint: run.entrypoint }),
          ...(args === undefined ? {} : { args }),
          ...(run.binds?.length ? { volumes: run.binds } : {}),
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
export function vaultAccess(role: string): Vault {
  return { Role: role, Env: false, DisableFile: true, ChangeMode: "noop" };
}

export function vaultOf({ vaultRole }: ServiceJobProps): Vault {
  return vaultAccess(vaultRole);
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

export function resourcesOf({ cpuMegahertz, memory }: ServiceDefinition["resources"]): Resources {
  return { CPU: cpuMegahertz, MemoryMB: memory.mebibytes };
}

/**
 * What restarts the tasks when the password has changed. Nomad asks Vault for a changed secret about every five minutes, and
 * until then every new connection would be refused. The first password is there before the job: it needs no restart.
 */
export function passwordMeta({ passwordVersion }: ServiceJobProps): Pick<AnyTask, "Meta"> {
  return passwordVersion > 1 ? { Meta: { pgmoor_password_version: String(passwordVersion) } } : {};
}
