/** What a task runs, other than what its program runs by itself. */
export interface Run {
  /** Whether it listens on the service's port. */
  readonly ports?: true;
  /** In place of the image's entrypoint, or of the program. */
  readonly entrypoint?: readonly [string, ...string[]];
  readonly args?: readonly string[];
  /** The network of a container, whatever its program says: the host's, or that of its group. */
  readonly network?: "host" | "group";
  /** What the docker driver mounts: `SOURCE:DESTINATION:ro`. */
  readonly binds?: readonly string[];
}
