import type { Client } from "pg";
import type { LabService } from "../deployment";
import type { Lab } from "../servers/lab";
import type { HandWritten } from "./hand-written-job";
import type { Proof } from "./proof";

/** What the story does with a service's source, whatever it is. */
export interface LabSource<S extends LabService> {
  /** Puts data there, as the service's own program left it. */
  seed(lab: Lab, service: S): Promise<void>;
  /** The job of somebody who knows nothing of pgmoor. */
  job(lab: Lab, service: S): HandWritten;
  /**
   * Compares it with what the server holds.
   * @throws with the table that differs
   */
  prove(lab: Lab, service: S, server: Client): Promise<Proof>;
  /**
   * Compares it, byte for byte, with its last snapshot. Its size in bytes.
   * @throws when it is not what was copied
   */
  proveUntouched(lab: Lab, service: S): Promise<number>;
}
