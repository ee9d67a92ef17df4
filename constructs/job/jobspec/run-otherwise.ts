/** A task of somebody's job, run for another purpose: with its program and its settings, without its data. */
import { blocksOf, textsOf, type DockerConfig, type DockerMount } from "../../../nomad/driver-config";
import type { AnyTask, DriverAndConfig, Task } from "../../../nomad/job";
import type { Runnable } from "../app";
import type { Run } from "../run";
import { isInAllocation, mountsOf } from "../../../nomad/mounts";

/** @param keeps the templates that it needs, of those that the task has */
export function runOtherwise(task: Task, run: Run, keeps: AnyTask["Templates"] = []): Runnable {
  const { CPU, Cores, MemoryMB, MemoryMaxMB } = task.Resources ?? {};
  return {
    program: programOf(task, run),
    environment: task.Env ?? {},
    before: keeps.map((template) => ({ ...template, ChangeMode: "noop", ChangeScript: undefined })),
    after: [],
    mounts: task.Driver === "exec" ? (task.VolumeMounts ?? []).filter(({ ReadOnly }) => ReadOnly) : [],
    resources: {
      ...(CPU === undefined ? {} : { CPU }),
      ...(Cores === undefined ? {} : { Cores }),
      ...(MemoryMB === undefined ? {} : { MemoryMB }),
      ...(MemoryMaxMB === undefined ? {} : { MemoryMaxMB }),
    },
    ...(task.Artifacts === undefined ? {} : { artifacts: task.Artifacts }),
  };
}

function programOf(task: Task, run: Run): Runnable["program"] {
  const common = {
    ...(task.User === undefined ? {} : { User: task.User }),
    ...(task.KillSignal === undefined ? {} : { KillSignal: task.KillSignal }),
  };
  return { ...driverOf(task, run), ...common };
}

function driverOf(task: Task, { entrypoint, args = [], network }: Run): DriverAndConfig {
  switch (task.Driver) {
    case "docker":
    case "podman": {
      const { command: _, healthchecks: __, ...kept } = task.Config;
      return {
        Driver: task.Driver,
        Config: {
          ...withoutAddress(withoutData(task, kept)),
          ...(network === "host" ? { network_mode: "host" } : {}),
          ...(entrypoint === undefined ? {} : { entrypoint }),
          args,
        },
      };
    }
    case "exec":
    case "raw_exec": {
      const [command = task.Config.command, ...first] = entrypoint ?? [];
      return { Driver: task.Driver, Config: { ...task.Config, command, args: [...first, ...args] } };
    }
    case "exec2":
    case "java":
    case "qemu":
      throw new RangeError(`${task.Name}: pgmoor cannot run another command with the driver ${task.Driver}`);
  }
}

/** What only one container can have: whoever asks for the service would find this one. */
const ofOneContainer = new Set([
  "ports",
  "port_map",
  "ipv4_address",
  "ipv6_address",
  "mac_address",
  "network_aliases",
]);

function withoutAddress({ image, ...config }: DockerConfig): DockerConfig {
  const kept = Object.entries(config).filter(([field]) => !ofOneContainer.has(field));
  return { ...Object.fromEntries(kept), image };
}

/** Files that the task renders or only reads stay mounted. What it writes to is its data. */
function withoutData(task: Task, config: DockerConfig): DockerConfig {
  const harmless = new Set(
    mountsOf(task)
      .filter((mount) => mount.kind === "docker" && (mount.readOnly || isInAllocation(mount)))
      .map(({ path }) => path),
  );
  const { volumes, mount, mounts, ...rest } = config;
  const bound = textsOf(volumes).filter((text) => harmless.has(text.split(":")[1] ?? ""));
  const listed = blocksOf([mount, mounts]).filter(({ target }) =>
    harmless.has(String(target)),
  ) as unknown as DockerMount[];
  return {
    ...rest,
    image: config.image,
    ...(bound.length === 0 ? {} : { volumes: bound }),
    ...(listed.length === 0 ? {} : { mount: listed }),
  };
}
