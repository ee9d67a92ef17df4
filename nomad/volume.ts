import type { VolumeMount, VolumeRequest } from "./job";

/** A host volume of the Nomad client, mounted into a task: `HostVolume.named("vaultwarden_data").at("/data")`. */
export class HostVolume {
  private constructor(
    /** The name in the client's configuration. */
    readonly source: string,
    /** Where the task sees it. */
    readonly path: string,
    private readonly mode: "read-only" | "read-write",
    /** Whether it leaves the job when the service is settled. */
    readonly leaves: boolean,
  ) {}

  static named(source: string): { at(path: string): HostVolume } {
    return { at: (path) => new HostVolume(source, path, "read-write", false) };
  }

  /** The same volume, for a task that only reads it. */
  readOnly(): HostVolume {
    return new HostVolume(this.source, this.path, "read-only", this.leaves);
  }

  /** The same volume, elsewhere in the task. */
  at(path: string): HostVolume {
    return new HostVolume(this.source, path, this.mode, this.leaves);
  }

  /**
   * The same volume, when it holds the source and nothing else that the app needs: a settled job does not mount it. It is
   * never deleted.
   */
  sourceOnly(): HostVolume {
    return new HostVolume(this.source, this.path, this.mode, true);
  }

  holds(file: string): boolean {
    return file.startsWith(`${this.path}/`);
  }

  toApi(): VolumeMount {
    return { Volume: this.source, Destination: this.path, ReadOnly: this.mode === "read-only" };
  }
}

/** A volume of a CSI plugin, registered in Nomad: `{ csi: "snapshots" }`. */
export interface CsiVolume {
  readonly csi: string;
  /** One that lets several allocations write at a time lets several services move at a time. @default "multi-node-multi-writer" */
  readonly accessMode?: (typeof csiAccessModes)[number];
}

/** Those that may write. Source: https://developer.hashicorp.com/nomad/docs/job-specification/volume#access_mode */
export const csiAccessModes = [
  "single-node-writer",
  "multi-node-single-writer",
  "multi-node-multi-writer",
] as const;

/** What a group has to ask for to get it. */
export function csiRequest({ csi, accessMode = "multi-node-multi-writer" }: CsiVolume): VolumeRequest {
  return {
    Name: csi,
    Type: "csi",
    Source: csi,
    ReadOnly: false,
    AccessMode: accessMode,
    AttachmentMode: "file-system",
  };
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
