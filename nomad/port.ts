import type { NetworkPort } from "./job";

/** A static port of the host, where a service is reached: `Port.onHost(8080)`, `Port.onHost(8765).to(80)`. */
export class Port {
  private constructor(
    readonly host: number,
    /** The port inside the container; absent: the same. */
    readonly container?: number,
  ) {}

  /** The same port inside and outside. */
  static onHost(port: number): Port {
    return new Port(port);
  }

  /** Mapped to this port of the container, for a task in `bridge` mode. */
  to(container: number): Port {
    return new Port(this.host, container);
  }

  toApi(label: string): NetworkPort {
    return {
      Label: label,
      Value: this.host,
      ...(this.container === undefined ? {} : { To: this.container }),
    };
  }
}
