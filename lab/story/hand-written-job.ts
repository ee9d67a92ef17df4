import type { LabService } from "../deployment";
import { programsDestination } from "../servers/host-folders";
import type { Lab } from "../servers/lab";

interface Mount {
  readonly volume: string;
  readonly destination: string;
}

export interface HandWritten {
  /** The sample program's name. */
  readonly program: string;
  /** Path of the HTTP check. */
  readonly health: string;
  readonly volumes: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  /** A task that starts before the program, and runs beside it. @default none */
  readonly beside?: {
    readonly name: string;
    readonly command: readonly [string, ...string[]];
    readonly volumes: readonly Mount[];
  };
}

/** The job that somebody wrote before pgmoor: no update block, its variables in clear, nothing from Vault. */
export function handWrittenJob(lab: Lab, { name, port }: LabService, written: HandWritten): unknown {
  const programs = lab.programMounts.map((mount) => ({ ...mount, readOnly: true }));
  const mountsOf = (volumes: readonly Mount[]) => [
    ...programs,
    ...volumes.map((mount) => ({ ...mount, readOnly: false })),
  ];
  const task = (taskName: string, [command, ...args]: readonly string[], volumes: readonly Mount[]) => ({
    Name: taskName,
    Driver: "exec",
    Config: { command, args },
    VolumeMounts: mountsOf(volumes).map(({ volume, destination, readOnly }) => ({
      Volume: volume,
      Destination: destination,
      ReadOnly: readOnly,
    })),
    Resources: { CPU: 50, MemoryMB: 256 },
  });
  const { beside } = written;
  const mounts = mountsOf([...written.volumes, ...(beside?.volumes ?? [])]);
  const check = { Name: "health", Type: "http", Path: written.health, Interval: 1e9, Timeout: 1e9 };
  return {
    ID: name,
    Name: name,
    Type: "service",
    Datacenters: ["dc1"],
    TaskGroups: [
      {
        Name: name,
        Networks: [{ Mode: "host", ReservedPorts: [{ Label: "http", Value: port }] }],
        Services: [{ Name: name, PortLabel: "http", Provider: "consul", Checks: [check] }],
        Volumes: Object.fromEntries(
          mounts.map(({ volume, readOnly }) => [
            volume,
            { Name: volume, Type: "host", Source: volume, ReadOnly: readOnly },
          ]),
        ),
        Tasks: [
          ...(beside === undefined
            ? []
            : [
                {
                  ...task(beside.name, beside.command, beside.volumes),
                  // At once and in order: on SIGTERM it would wait for the program's sessions.
                  KillSignal: "SIGINT",
                  KillTimeout: 20e9,
                  Lifecycle: { Hook: "prestart", Sidecar: true },
                },
              ]),
          {
            ...task(name, [lab.node, `${programsDestination}/${written.program}.cjs`], written.volumes),
            KillSignal: "SIGTERM",
            Env: written.environment,
          },
        ],
      },
    ],
  };
}
