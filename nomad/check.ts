import { Duration } from "./duration";
import type { HttpCheck } from "./job-service";

/** How Nomad and Consul see that a service is well: `HealthCheck.http("/alive")`. */
export class HealthCheck {
  private constructor(
    readonly path: string,
    readonly interval: Duration,
  ) {}

  /** A GET of this path on the service's port, every 5 seconds; 2xx within 2 seconds is well. */
  static http(path: string): HealthCheck {
    return new HealthCheck(path, Duration.seconds(5));
  }

  /** The same, at another interval. */
  every(interval: Duration): HealthCheck {
    return new HealthCheck(this.path, interval);
  }

  toApi(name: string): HttpCheck {
    return {
      Name: name,
      Type: "http",
      Path: this.path,
      Interval: this.interval.nanoseconds,
      Timeout: Duration.seconds(2).nanoseconds,
    };
  }
}
