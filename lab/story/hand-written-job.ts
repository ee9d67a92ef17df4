import type { LabService } from "../deployment";
import { programsDestination } from "../servers/host-folders";
import type { Lab } from "../servers/lab";

export interface HandWritten {
  /** The sample program's name. */
  readonly program: string;
  /** Path of the HTTP check. */
  readonly health: string;
  readonly volumes: readonly { readonly volume: string; readonly destination: string }[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The job that somebody wrote before pgmoor: no update block, its variables in clear, nothing from Vault. */
export function handWrittenJob(lab: Lab, { name, port }: LabService, written: HandWritten): unknown {
  const mounts = [
    ...lab.programMounts.map(({ volume, destination }) => ({ volume, destination, readOnly: true })),
    ...written.volumes.map((volume) => ({ ...volume, readOnly: false })),
  ];
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
          {
            Name: name,
            Driver: "exec",
            KillSignal: "SIGTERM",
            Config: { command: lab.node, args: [`${programsDestination}/${written.program}.cjs`] },
            Env: written.environment,
            VolumeMounts: mounts.map(({ volume, destination, readOnly }) => ({
              Volume: volume,
              Destination: destination,
              ReadOnly: readOnly,
            })),
            Resources: { CPU: 50, MemoryMB: 256 },
          },
        ],
      },
    ],
  };
}
