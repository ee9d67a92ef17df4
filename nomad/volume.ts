import type { VolumeMount, VolumeRequest } from "./job";

/** A host volume of the Nomad client, mounted into a task: `HostVolume.named("vaultwarden_data").at("/data")`. */
export class HostVolume {
  private constructor(
    /** The name in the client's configuration. */
    readonly source: string,
    /** Where the task sees it. */
    readonly path: string,
    private readonly mode: "read-only" | "read-write",
  ) {}

  static named(source: string): { at(path: string): HostVolume } {
    return { at: (path) => new HostVolume(source, path, "read-write") };
  }

  /** The same volume, for a task that only reads it. */
  readOnly(): HostVolume {
    return new HostVolume(this.source, this.path, "read-only");
  }

  /** The same volume, elsewhere in the task. */
  at(path: string): HostVolume {
    return new HostVolume(this.source, path, this.mode);
  }

  holds(file: string): boolean {
    return file.startsWith(`${this.path}/`);
  }

  toApi(): VolumeMount {
    return { Volume: this.source, Destination: this.path, ReadOnly: this.mode === "read-only" };
  }
}

/** What a group has to ask for so that its tasks get these mounts; for reading alone where no task writes. */
export function volumeRequests(mounts: readonly VolumeMount[]): Record<string, VolumeRequest> {
  const requests: Record<string, VolumeRequest> = {};
  for (const { Volume, ReadOnly } of mounts) {
    const readOnly = ReadOnly && (requests[Volume]?.ReadOnly ?? true);
    requests[Volume] = { Name: Volume, Type: "host", Source: Volume, ReadOnly: readOnly };
  }
  return requests;
}
